import { appendFileSync, closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { ProblemAnswer, Unreachable, type ApiClient } from './client.js';
import { importRows, keyOf, type ImportRow, type Mapping } from './import-file.js';

/** Counts of one run, and every row that was not taken. */
export type ImportReport = {
  readonly rows: number;
  readonly accepted: number;
  /** Of those accepted: on hold, because a product is not known. */
  readonly held: number;
  readonly already: number;
  readonly skipped: number;
  readonly refused: readonly { readonly line: number; readonly externalReference: string; readonly why: string }[];
  readonly seconds: number;
};

const attemptsMax = 60;
const waitMsMax = 5_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

type Outcome = 'accepted' | 'held' | 'already';
type Placed = { readonly known?: boolean; readonly unknownSkuLines?: readonly string[]; readonly holds?: readonly object[] };

/** Submits one order; a service that is down or full is waited for (60 tries, 5 s apart at most), a refusal is final. */
const submit = async (client: ApiClient, document: Readonly<Record<string, unknown>>, dryRun: boolean): Promise<Outcome> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { status, body, headers } = await client.call<Placed>('POST', `/v1/orders?onUnknownSku=hold${dryRun ? '&dryRun=true' : ''}`, document, { 'idempotency-key': keyOf(document) });
      if (dryRun ? body.known === true : status !== 201 || headers['idempotent-replayed'] !== undefined) return 'already';
      return (body.unknownSkuLines ?? body.holds ?? []).length > 0 ? 'held' : 'accepted';
    } catch (error) {
      const again = error instanceof Unreachable || (error instanceof ProblemAnswer && (error.status >= 502 || error.status === 429));
      if (!again || attempt === attemptsMax) throw error;
      await pause(Math.min(waitMsMax, 100 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2));
    }
  }
};

/**
 * The orders that an earlier run got in, by their keys. A journal may be of another system, or of one that was reset: it counts only if
 * an order of it is still known there.
 */
const takenBefore = async (options: ImportOptions): Promise<ReadonlySet<string>> => {
  const { journal, client } = options;
  if (journal === undefined || options.dryRun || !existsSync(journal)) return new Set();
  const taken = new Set(readFileSync(journal, 'utf8').split('\n'));
  for await (const { document } of importRows(options.file, options.mapping)) {
    if (document === undefined || !taken.has(keyOf(document))) continue;
    if ((await submit(client, document, true)) === 'already') return taken;
    rmSync(journal);
    break;
  }
  return new Set();
};

/** What an import is told. */
export type ImportOptions = {
  readonly client: ApiClient;
  readonly file: string;
  readonly mapping: Mapping;
  readonly dryRun: boolean;
  readonly concurrency: number;
  readonly journal?: string;
  readonly onProgress?: (done: number) => void;
};

/**
 * Submits every order of a file, `concurrency` at a time. `journal` remembers the orders that were taken, so that a run that was
 * interrupted goes on where it stopped; without it a repeat is still harmless, because the same order has the same idempotency key.
 */
export const importOrders = async (options: ImportOptions): Promise<ImportReport> => {
  const startedAt = performance.now();
  const taken = await takenBefore(options);
  // Opened before the first order: a journal that cannot be written is told before anything is done.
  const journal = options.journal === undefined || options.dryRun ? undefined : openSync(options.journal, 'a');
  const counts = { rows: 0, accepted: 0, held: 0, already: 0, skipped: 0 };
  const refused: { line: number; externalReference: string; why: string }[] = [];
  const source = importRows(options.file, options.mapping);
  const one = async ({ line, document, error }: ImportRow): Promise<void> => {
    if (document === undefined) {
      refused.push({ line, externalReference: '', why: error ?? 'unreadable' });
      return;
    }
    if (taken.has(keyOf(document))) {
      counts.skipped += 1;
      return;
    }
    try {
      const outcome = await submit(options.client, document, options.dryRun);
      counts[outcome === 'held' ? 'accepted' : outcome] += 1;
      if (outcome === 'held') counts.held += 1;
      if (journal !== undefined) appendFileSync(journal, `${keyOf(document)}\n`);
    } catch (problem) {
      if (!(problem instanceof ProblemAnswer) || problem.isOutage) throw problem;
      refused.push({ line, externalReference: String(document['externalReference'] ?? ''), why: problem.message });
    }
  };
  const lane = async (): Promise<void> => {
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      await one(next.value);
      counts.rows += 1;
      options.onProgress?.(counts.rows);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.concurrency }, lane));
  } finally {
    if (journal !== undefined) closeSync(journal);
  }
  refused.sort((a, b) => a.line - b.line);
  return { ...counts, refused, seconds: (performance.now() - startedAt) / 1000 };
};

/** How many orders a file holds; for the progress bar. */
export const countRows = async (file: string, mapping: Mapping): Promise<number> => {
  let rows = 0;
  for await (const row of importRows(file, mapping)) rows += row.line > 0 ? 1 : 0;
  return rows;
};
