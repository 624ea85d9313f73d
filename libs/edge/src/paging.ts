import { Problem, problems } from './problem.js';

/** One page of a list; without `nextCursor` it is the last. */
export type Page<T> = { readonly items: readonly T[]; readonly nextCursor?: string };

/** Rows a page has unless told, and at most. */
export const pageSize = { default: 50, max: 200 } as const;

/** Makes the opaque cursor of a place in an order: the sort values of its last row. */
export const encodeCursor = (place: readonly (string | number)[]): string => Buffer.from(JSON.stringify(place)).toString('base64url');

const isPlace = (value: unknown, length: number): value is (string | number)[] =>
  Array.isArray(value) && value.length === length && value.every((part) => typeof part === 'string' || Number.isFinite(part));

/** The place a cursor names; it has to have as many values as the order it belongs to. */
export const decodeCursor = (cursor: string | undefined, length: number): readonly (string | number)[] | undefined => {
  if (cursor === undefined) return undefined;
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch (error) {
    throw new Problem(problems.invalidQuery, { errors: [{ pointer: '?cursor', message: 'is not a cursor of this list' }], cause: error });
  }
  if (!isPlace(place, length)) throw new Problem(problems.invalidQuery, { errors: [{ pointer: '?cursor', message: 'is not a cursor of this list' }] });
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
