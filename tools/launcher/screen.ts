import type { Progress } from '../local-stack/progress.js';

/** Where lines go: standard output, or what a test looks at. */
export type Output = { readonly isTTY?: boolean | undefined; readonly columns?: number; write(text: string): unknown };

/** Lines that stay and one line that changes. */
export interface Screen {
  line(text: string): void;
  /** The line that changes; without a terminal it is said at most every five seconds. */
  status(text: string): void;
  /** Takes the changing line away, or leaves it standing. */
  clear(): void;
  keep(): void;
  progress(progress: Progress): void;
  /** From now on nothing says anything: what still runs must not talk into the farewell. */
  quiet(): void;
  isQuiet(): boolean;
}

const sayEveryMs = 5_000;
const names = { postgres: 'PostgreSQL', kafka: 'Kafka' } as const;
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Lines for people, on a terminal and without one. */
export const screen = (output: Output = process.stdout): Screen => {
  const isTerminal = output.isTTY === true;
  let open = '';
  let saidAt = 0;
  let isQuiet = false;
  const clear = (): void => {
    if (open !== '') output.write('\r\x1b[K');
    open = '';
  };
  const line = (text: string): void => {
    if (isQuiet) return;
    // The changing line moves down.
    const moved = open;
    clear();
    output.write(`${text}\n`);
    if (moved !== '') draw(moved);
  };
  const draw = (text: string): void => {
    open = text;
    output.write(`\r${text.slice(0, (output.columns || 120) - 1)}\x1b[K`);
  };
  const status = (text: string): void => {
    if (isQuiet) return;
    if (isTerminal) draw(text);
    else if (Date.now() - saidAt > sayEveryMs) {
      saidAt = Date.now();
      line(text);
    }
  };
  return {
    line,
    status,
    clear,
    keep: () => {
      if (open !== '') output.write('\n');
      open = '';
    },
    progress: ({ part, text, done, total }) => {
      if (isQuiet) return;
      if (done === undefined || total === undefined) return line(`${names[part]}: ${text}`);
      status(`${names[part]}: ${text}, ${megabytes(done)} of ${megabytes(total)} MB`);
      if (done >= total) {
        clear();
        if (isTerminal) line(`${names[part]}: ${text}, ${megabytes(total)} MB`);
      }
    },
    quiet: () => {
      clear();
      isQuiet = true;
    },
    isQuiet: () => isQuiet,
  };
};
