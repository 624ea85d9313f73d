import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { ProblemAnswer, Unreachable, type ApiClient } from './client.js';
import { importRows, keyOf, type ImportRow, type Mapping } from './import-file.js';

/** Counts of one run, and every row that was not taken. */
export type ImportReport = {
  readonly rows: number;
  readonly accepted: number;
  readonly already: number;
  readonly skipped: number;
  readonly refused: readonly { readonly line: number; readonly externalReference: string; readonly why: string }[];
  readonly seconds: number;
};

const attemptsMax = 60;
const waitMsMax = 5_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Submits one order; a service that is down or full is waited for (60 tries, 5 s apart at most), a refusal is final. */
const submit = async (client: ApiClient, document: Readonly<Record<string, unknown>>, dryRun: boolean): Promise<'accepted' | 'already'> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await client.call<{ readonly known?: boolean }>('POST', dryRun ? '/v1/orders?dryRun=true' : '/v1/orders?onUnknownSku=hold', document, { 'idempotency-key': keyOf(document) });
      if (dryRun) return answer.body.known === true ? 'already' : 'accepted';
      return answer.status === 201 && answer.headers['idempotent-replayed'] === undefined ? 'accepted' : 'already';
    } catch (error) {
      const again = error instanceof Unreachable || (error instanceof ProblemAnswer && (error.status >= 502 || error.status === 503 || error.status === 429));
      if (!again || attempt === attemptsMax) throw error;
      await pause(Math.min(waitMsMax, 100 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2));
    }
  }
};

/**
 * Submits every order of a file, `concurrency` at a time. `journal` remembers the lines that were taken, so that a run that was
 * interrupted goes on where it stopped; without it a repeat is still harmless, because the same row has the same idempotency key.
 */
export const importOrders = async (options: {
  readonly client: ApiClient;
  readonly file: string;
  readonly mapping: Mapping;
  readonly dryRun: boolean;
  readonly concurrency: number;
  readonly journal?: string;
  readonly onProgress?: (done: number) => void;
}): Promise<ImportReport> => {
  const startedAt = performance.now();
  const taken = new Set<string>(options.journal !== undefined && existsSync(options.journal) ? readFileSync(options.journal, 'utf8').split('\n') : []);
  let [rows, accepted, already, skipped] = [0, 0, 0, 0];
  const refused: { line: number; externalReference: string; why: string }[] = [];
  const source = importRows(options.file, options.mapping);
  const one = async (row: ImportRow): Promise<void> => {
    const externalReference = String(row.document?.['externalReference'] ?? '');
    if (row.document === undefined) {
      refused.push({ line: row.line, externalReference, why: row.error ?? 'unreadable' });
      return;
    }
    if (taken.has(String(row.line))) {
      skipped += 1;
      return;
    }
    try {
      const outcome = await submit(options.client, row.document, options.dryRun);
      if (outcome === 'accepted') accepted += 1;
      else already += 1;
      if (options.journal !== undefined && !options.dryRun) appendFileSync(options.journal, `${row.line}\n`);
    } catch (error) {
      if (!(error instanceof ProblemAnswer)) throw error;
      refused.push({ line: row.line, externalReference, why: error.message });
    }
  };
  const lane = async (): Promise<void> => {
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      rows += 1;
      await one(next.value);
      options.onProgress?.(rows);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, lane));
  refused.sort((a, b) => a.line - b.line);
  return { rows, accepted, already, skipped, refused, seconds: (performance.now() - startedAt) / 1000 };
};

/** How many orders a file holds; for the progress bar. */
export const countRows = async (file: string, mapping: Mapping): Promise<number> => {
  let rows = 0;
  for await (const row of importRows(file, mapping)) rows += row.line > 0 ? 1 : 0;
  return rows;
};
