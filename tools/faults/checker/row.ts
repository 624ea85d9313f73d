import type { ServiceName } from '@orderlog/contracts';
import type { LogRecord } from '../dump-format.js';
import type { Place } from './findings.js';

/** A row of a service's log, and where it stands in the dump. */
export type Row = LogRecord & { readonly service: ServiceName; readonly line: number };

/** Where a row stands. */
export const placeOf = ({ service, line }: Pick<Row, 'service' | 'line'>): Place => ({ file: `log-${service}.ndjson`, line });

/** A text of a payload; absent means empty. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
/** A number of a payload; absent means zero. */
export const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
/** A list of a payload; absent means empty. */
export const list = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? (value as readonly Readonly<Record<string, unknown>>[]) : [];
/** An object of a payload; absent means empty. */
export const object = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
