import type { DataSource } from 'typeorm';
import { loadSince } from './center-load/center-load.queries.js';

/** The questions routing answers from its read models. */
export const queriesOn = (source: DataSource) => ({ loadSince: (day: string) => loadSince(source, day) });

/** See `queriesOn`. */
export type Queries = ReturnType<typeof queriesOn>;

/** Injection token of the `Queries`. */
export const QUERIES = Symbol('orderlog:routing-queries');
