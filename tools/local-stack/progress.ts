/** What is being fetched or started. `done` and `total` count `unit`s where something can be counted. */
export interface Progress {
  readonly part: 'postgres' | 'kafka';
  readonly text: string;
  readonly done?: number;
  readonly total?: number;
  readonly unit?: 'bytes';
}

/** Hears every step; it must be quick and must not throw. */
export type OnProgress = (progress: Progress) => void;
