import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { UsageError } from './connection.js';

/** One order of an import file: its first line in the file, and its document or why it has none. */
export type ImportRow = { readonly line: number; readonly document?: Readonly<Record<string, unknown>>; readonly error?: string };

/** Longest accepted line of an NDJSON file, in bytes (the limit of the bulk intake). */
export const lineBytesMax = 64 * 1024;

/** `field=column` pairs: which CSV column fills which field of the order document (dots go inwards, `lines.` is the order's line). */
export type Mapping = ReadonlyMap<string, string>;

/** Parses `--map channel=shop,lines.sku=article`. Throws a UsageError that names the wrong pair. */
export const parseMapping = (text: string | undefined): Mapping => {
  const pairs = (text ?? '').split(',').filter((pair) => pair.trim() !== '');
  return new Map(
    pairs.map((pair) => {
      const [field, column, ...rest] = pair.split('=').map((part) => part.trim());
      if (!field || !column || rest.length > 0) throw new UsageError(`--map: "${pair}" is not field=column`);
      return [field, column] as const;
    }),
  );
};

const wholeNumbers = new Set([
  'lines.quantity', 'lines.unitPrice', 'lines.discount', 'lines.tax', 'lines.total', 'delivery.amount', 'delivery.discount', 'delivery.tax', 'delivery.total',
  'totals.lines', 'totals.delivery', 'totals.tax', 'totals.grandTotal', 'payment.authorizedAmount', 'payment.capturedAmount',
]);

const truths = new Set(['taxIncluded', 'gift.wrap', 'gift.hidePrices']);

/** Fields that a column may fill: names of members, dots go inwards. Nothing that every object inherits: `constructor.prototype.x` would change them all. */
const isField = (path: string): boolean => path.split('.').every((name) => name !== '' && !(name in Object.prototype));

const put = (target: Record<string, unknown>, path: string, value: unknown): void => {
  const keys = path.split('.');
  const last = keys.pop() ?? path;
  let inner = target;
  for (const key of keys) inner = (inner[key] ??= {}) as Record<string, unknown>;
  inner[last] = value;
};

const convert = (field: string, value: string): unknown => {
  if (wholeNumbers.has(field)) return /^-?\d+$/.test(value) ? Number(value) : value;
  if (truths.has(field)) return value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value;
  return value;
};

/** The field of every column; throws a UsageError for a column that can fill none, and for a mapped one that is not there. */
const fieldsOf = (columns: readonly string[], mapping: Mapping): readonly string[] => {
  const missing = [...mapping.values()].find((column) => !columns.includes(column));
  if (missing !== undefined) throw new UsageError(`--map: the file has no column "${missing}"; it has ${columns.join(', ')}`);
  const fields = columns.map((column) => [...mapping].find(([, mapped]) => mapped === column)?.[0] ?? column);
  for (const field of fields) {
    if (!isField(field)) throw new UsageError(`"${field}" can be no field of an order: use --map field=column`);
    if (fields.some((other) => other.startsWith(`${field}.`))) throw new UsageError(`there are columns for "${field}" and for fields inside of it`);
  }
  const twice = fields.find((field, n) => fields.indexOf(field) !== n);
  if (twice !== undefined) throw new UsageError(`two columns fill "${twice}"`);
  return fields;
};

/** A row of a CSV file as its cells, or why it is none. */
type CsvRow = { readonly line: number; readonly cells?: readonly string[]; readonly error?: string };

async function* csvRows(path: string): AsyncGenerator<CsvRow> {
  const parser = parse({ bom: true, skip_empty_lines: true, relax_column_count: true, info: true });
  pipeline(createReadStream(path), parser, () => undefined);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) yield { line: info.lines, cells: record };
  } catch (error) {
    // Behind a quote that nobody closed nothing can be told apart any more.
    if (!(error instanceof CsvError)) throw error;
    yield { line: Number(error['lines'] ?? 0), error: `not CSV: ${error.message}` };
  }
}

/** What the cells of a row say: of the order, and of one of its lines. */
const rowDocument = (fields: readonly string[], cells: readonly string[]): { readonly document: Record<string, unknown>; readonly line: Record<string, unknown> } => {
  const document: Record<string, unknown> = {};
  const line: Record<string, unknown> = {};
  for (const [n, field] of fields.entries()) {
    const value = cells[n] ?? '';
    if (value === '') continue;
    if (field.startsWith('lines.')) put(line, field.slice(6), convert(field, value));
    else put(document, field, convert(field, value));
  }
  return { document, line };
};

/** Rows of one order (same external reference, one after another) become one document; line columns make its lines. */
async function* csvOrders(path: string, mapping: Mapping): AsyncGenerator<ImportRow> {
  let fields: readonly string[] | undefined;
  let current: { line: number; reference: string; document: Record<string, unknown>; error?: string } | undefined;
  const finished = (): ImportRow[] => {
    if (current === undefined) return [];
    const { line, document, error } = current;
    current = undefined;
    return [error === undefined ? { line, document } : { line, error }];
  };
  for await (const row of csvRows(path)) {
    if (fields === undefined && row.cells !== undefined) {
      fields = fieldsOf(row.cells, mapping);
      continue;
    }
    const wrong = row.error ?? (row.cells?.length === fields?.length ? undefined : `${row.cells?.length ?? 0} cells under ${fields?.length ?? 0} columns`);
    const { document, line } = rowDocument(fields ?? [], row.cells ?? []);
    const reference = String(document['externalReference'] ?? '');
    if (reference !== '' && current?.reference === reference) {
      (current.document['lines'] as unknown[]).push(line);
      // An order of which one row is wrong is not taken without it.
      if (wrong !== undefined) current.error ??= `line ${row.line}: ${wrong}`;
      continue;
    }
    yield* finished();
    const error = wrong ?? (reference === '' ? 'no externalReference' : undefined);
    if (error === undefined || reference !== '') current = { line: row.line, reference, document: { ...document, lines: [line] }, ...(error === undefined ? {} : { error }) };
    else yield { line: row.line, error };
  }
  yield* finished();
}

async function* ndjsonOrders(path: string): AsyncGenerator<ImportRow> {
  let line = 0;
  const file = await open(path);
  for await (const text of file.readLines()) {
    line += 1;
    if (text.trim() === '') continue;
    if (Buffer.byteLength(text) > lineBytesMax) {
      yield { line, error: `longer than ${lineBytesMax} bytes` };
      continue;
    }
    try {
      const document: unknown = JSON.parse(text);
      if (typeof document === 'object' && document !== null && !Array.isArray(document)) yield { line, document: document as Record<string, unknown> };
      else yield { line, error: 'not a JSON object' };
    } catch (error) {
      yield { line, error: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
    }
  }
}

/** Reads an import file order by order; the ending says which kind it is. Throws a UsageError for any other. */
export const importRows = (path: string, mapping: Mapping): AsyncGenerator<ImportRow> => {
  if (path.endsWith('.csv')) return csvOrders(path, mapping);
  if (path.endsWith('.ndjson') || path.endsWith('.jsonl')) return ndjsonOrders(path);
  throw new UsageError(`${path}: an import file ends in .csv or .ndjson`);
};

/** The idempotency key of an imported order: the same content has the same key, so a resumed import changes nothing twice. */
export const keyOf = (document: Readonly<Record<string, unknown>>): string =>
  `import-${createHash('sha256').update(`${String(document['channel'])}/${String(document['externalReference'])}`).digest('hex').slice(0, 40)}`;
