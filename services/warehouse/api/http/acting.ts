import { contextOf, Problem, problems } from '@orderlog/edge';
import type { Refusal } from '@orderlog/decider';
import type { PickListEntry } from '@orderlog/warehouse-domain';
import type { FastifyRequest } from 'fastify';
import type { ContextFor } from '../../application/ports.js';
import { problemInBatch, problemOfRefusal, type WarehouseRefusal } from './refusals.js';

/** The worker acts; the key is only the tool in their hand. */
export const byWorker =
  (request: FastifyRequest, workerId: string): ContextFor =>
  (correlationId) =>
    contextOf(request, { correlationId, actor: { type: 'staff', id: workerId } });

/** The code of a scan: the barcode, else the SKU. */
export const codeOf = ({ barcode, sku }: { barcode?: string; sku?: string }, pointer: string): string => {
  const code = barcode ?? sku;
  if (code === undefined) throw new Problem(problems.invalidRequest, { errors: [{ pointer, message: 'has to have a barcode or a sku' }] });
  return code;
};

/** A result that may carry a refusal. */
type Result = { readonly result: string; readonly refusal?: Refusal<WarehouseRefusal>; readonly expected?: PickListEntry };

/** The answer to a batch: each element by itself. A batch of one that is refused is a problem, as any request would be. */
export const batchAnswer = <R extends Result>(results: readonly R[]): { results: readonly object[] } => {
  const [only] = results;
  if (results.length === 1 && only?.refusal !== undefined) throw problemOfRefusal(only.refusal, only.expected);
  return {
    results: results.map(({ refusal, expected, ...result }) => (refusal === undefined ? result : { ...result, problem: problemInBatch(refusal, expected) })),
  };
};
