import { isInstant } from './fields.js';
import { Problem, problems } from './problem.js';

/** One page of a list; without `nextCursor` it is the last. */
export type Page<T> = { readonly items: readonly T[]; readonly nextCursor?: string };

/** Rows a page has unless told, and at most. */
export const pageSize = { default: 50, max: 200 } as const;

/** Makes the opaque cursor of a place in an order: the sort values of its last row. */
export const encodeCursor = (place: readonly (string | number)[]): string => Buffer.from(JSON.stringify(place)).toString('base64url');

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What a value of a cursor has to be, by kind: whatever gets past here goes into a query, whose columns have types. */
const partKinds = {
  text: (part: unknown) => typeof part === 'string' && !/[\p{Cc}\p{Cs}]/u.test(part),
  number: (part: unknown) => Number.isSafeInteger(part),
  instant: (part: unknown) => typeof part === 'string' && isInstant(part),
  uuid: (part: unknown) => typeof part === 'string' && uuidForm.test(part),
} as const;

/** A value of a cursor. */
export type CursorPart = keyof typeof partKinds;

const isPlace = (value: unknown, parts: readonly CursorPart[]): value is (string | number)[] =>
  Array.isArray(value) && value.length === parts.length && parts.every((kind, n) => partKinds[kind](value[n]));

/** The place a cursor names; its values have to be of the kinds that the order it belongs to sorts by. */
export const decodeCursor = (cursor: string | undefined, ...parts: readonly CursorPart[]): readonly (string | number)[] | undefined => {
  if (cursor === undefined) return undefined;
  const problem = (cause?: unknown) => new Problem(problems.invalidQuery, { errors: [{ pointer: '?cursor', message: 'is not a cursor of this list' }], cause });
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch (error) {
    throw problem(error);
  }
  if (!isPlace(place, parts)) throw problem();
  return place;
};

/** Cuts a page from rows of which one more than `size` was asked for: whether there is a next one is known without counting. */
export const pageOf = <Row, T>(
  rows: readonly Row[],
  size: number,
  itemOf: (row: Row) => T,
  placeOf: (row: Row) => readonly (string | number)[],
): Page<T> => {
  const items = rows.slice(0, size);
  const last = items.at(-1);
  return { items: items.map(itemOf), ...(rows.length > size && last !== undefined ? { nextCursor: encodeCursor(placeOf(last)) } : {}) };
};
