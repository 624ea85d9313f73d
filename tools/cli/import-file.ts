import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
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

const put = (target: Record<string, unknown>, path: string, value: unknown): void => {
  const keys = path.split('.');
  const last = keys.pop() ?? path;
  let inner = target;
  for (const key of keys) inner = (inner[key] ??= {}) as Record<string, unknown>;
  inner[last] = value;
};

const convert = (field: string, value: string): unknown => {
  if (wholeNumbers.has(field)) return /^-?\d+$/.test(value) ? Number(value) : value;
  if (field === 'taxIncluded') return value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value;
  return value;
};

/** Rows of one order (same external reference, one after another) become one document; line columns make its lines. */
async function* csvOrders(path: string, mapping: Mapping): AsyncGenerator<ImportRow> {
  const columnOf = (column: string): string => [...mapping].find(([, mapped]) => mapped === column)?.[0] ?? column;
  const parser = parse({ columns: true, bom: true, skip_empty_lines: true, info: true });
  pipeline(createReadStream(path), parser, () => undefined);
  let current: { line: number; reference: string; document: Record<string, unknown> } | undefined;
  for await (const { record, info } of parser as AsyncIterable<{ record: Record<string, string>; info: { lines: number } }>) {
    const document: Record<string, unknown> = {};
    const line: Record<string, unknown> = {};
    for (const [column, value] of Object.entries(record)) {
      const field = columnOf(column);
      if (value === '') continue;
      if (field.startsWith('lines.')) put(line, field.slice(6), convert(field, value));
      else put(document, field, convert(field, value));
    }
    const reference = String(document['externalReference'] ?? '');
    if (reference === '') {
      yield { line: info.lines, error: 'no externalReference' };
      continue;
    }
    if (current?.reference === reference) {
      (current.document['lines'] as unknown[]).push(line);
      continue;
    }
    if (current !== undefined) yield { line: current.line, document: current.document };
    current = { line: info.lines, reference, document: { ...document, lines: [line] } };
  }
  if (current !== undefined) yield { line: current.line, document: current.document };
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
