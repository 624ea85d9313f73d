import { hash } from 'node:crypto';
import type { EventContext } from '@orderlog/contracts';
import { Problem, problems } from '@orderlog/edge';
import type { SqlExecutor } from '@orderlog/event-log';
import type { Items } from '../application/items.js';
import type { OrderDesk, OrderView } from '../application/order-desk.js';
import type { PlaceOrders, Placing, PlacingAnswer } from '../application/place-order.js';
import { hasPostalCodes } from '../application/postal-codes.js';
import { orderDocument } from './http/order.response.js';
import type { PlaceOrderRequest } from './http/place-order.request.js';
import { placingProblems, refused } from './http/refusals.js';
import { submittedOrder } from './http/submitted-order.js';

/** A submitted document with who sent it. */
export type Submission = {
  readonly body: PlaceOrderRequest;
  readonly idempotencyKey: string;
  readonly holdUnknownSkus: boolean;
  readonly context: Omit<EventContext, 'correlationId'>;
};

/** The answer to a submission, for either transport. */
export type Intake = {
  readonly status: number;
  readonly replayed: boolean;
  readonly orderId: string;
  readonly version: number;
  readonly document: Record<string, unknown>;
};

/** What the intake is made of. */
export type IntakeParts = {
  readonly placeOrders: PlaceOrders;
  readonly desk: OrderDesk;
  readonly items: Items;
  /** False after a start until every item that inventory had told of is here. */
  readonly itemsAreRead: () => boolean;
  readonly sql: SqlExecutor;
  readonly releaseOnOf: (channel: string) => string;
  readonly trackingUrl: (token: string) => string;
};

/** Judges submitted documents and has them placed. */
export type IntakeDesk = {
  readonly place: (submission: Submission) => Promise<Intake>;
  /** Says what would become of a document; stores nothing. */
  readonly rehearse: (submission: Submission) => Promise<Record<string, unknown>>;
};

const unknownSku = ({ body }: Submission, lineIds: readonly string[]): Problem => {
  const errors = lineIds.map((lineId) => {
    const n = Number(lineId) - 1;
    return { pointer: `/lines/${n}/sku`, message: `there is no item ${body.lines[n]?.sku ?? ''}` };
  });
  return new Problem(placingProblems.unknownSku, { errors });
};

const itemsBehind = (): Problem =>
  new Problem(problems.unavailable, { detail: 'the items are being read: whether this one exists is not known yet', headers: { 'retry-after': '1' } });

const missingPostalCode = (body: PlaceOrderRequest): Problem | undefined => {
  const { countryCode, postalCode } = body.shippingAddress;
  if (postalCode !== undefined || !hasPostalCodes(countryCode)) return undefined;
  return new Problem(problems.invalidRequest, {
    errors: [{ pointer: '/shippingAddress/postalCode', message: `is missing: addresses in ${countryCode} have one` }],
  });
};

const referenceTaken = (orderId: string): Problem =>
  new Problem(placingProblems.referenceConflict, {
    detail: `the order ${orderId} has this external reference and another content`,
    errors: [{ pointer: '/externalReference', message: 'is taken' }],
    extensions: { orderId },
  });

/** Makes the intake. */
export const createIntake = ({ placeOrders, desk, items, itemsAreRead, sql, releaseOnOf, trackingUrl }: IntakeParts): IntakeDesk => {
  const documented = (status: number, replayed: boolean, view: OrderView): Intake => ({
    status,
    replayed,
    orderId: view.state.placed?.orderId ?? '',
    version: view.version,
    document: orderDocument(view, trackingUrl),
  });

  /** A document that is not right today may have been right when it was first sent: then its key has an answer. */
  const refuse = async (placing: Placing, problem: Problem): Promise<Intake> => {
    const before = await placeOrders.answered(placing, sql);
    if (before?.outcome === 'replayed') return answer(placing, before);
    throw before === undefined ? problem : new Problem(placingProblems.keyReused);
  };

  const answer = async (placing: Placing, given: PlacingAnswer): Promise<Intake> => {
    switch (given.outcome) {
      case 'placed': {
        const updatedAt = given.state.placed?.receivedAt ?? '';
        return documented(201, false, { state: given.state, version: given.version, personal: placing.submitted.personal, updatedAt });
      }
      case 'replayed': {
        const view = await desk.viewAt(given.orderId, given.version);
        // As it was answered: the moment of recording was not known then.
        const updatedAt = given.status === 201 ? (view.state.placed?.receivedAt ?? '') : view.updatedAt;
        return documented(given.status, true, { ...view, updatedAt });
      }
      case 'same_reference':
        return documented(200, false, await desk.viewAt(given.orderId, given.version));
      case 'other_reference':
        throw referenceTaken(given.orderId);
      case 'key_reused':
        throw new Problem(placingProblems.keyReused, { errors: [{ pointer: ':Idempotency-Key', message: 'was used with another body' }] });
      case 'refused':
        return refuse(placing, refused(given.refusal));
    }
  };

  /** Before all items are here nobody can say that one does not exist: a 422 would tell a shop to give up an order that is right. */
  const strangersProblem = (submission: Submission, lineIds: readonly string[]): Problem => (itemsAreRead() ? unknownSku(submission, lineIds) : itemsBehind());

  const placingOf = ({ body, idempotencyKey, context }: Submission): Placing => {
    const missing = missingPostalCode(body);
    if (missing !== undefined) throw missing;
    const submitted = submittedOrder(body, releaseOnOf(body.channel));
    const strangers = submitted.order.lines.filter((line) => !items.isOffered(line.sku)).map((line) => line.lineId);
    return {
      tenantId: context.tenantId,
      idempotencyKey,
      submitted,
      digest: hash('sha256', JSON.stringify(submitted), 'hex'),
      unknownSkuLines: strangers,
      context,
    };
  };

  return {
    place: async (submission) => {
      const placing = placingOf(submission);
      const { unknownSkuLines } = placing;
      if (unknownSkuLines.length > 0 && !submission.holdUnknownSkus) return refuse(placing, strangersProblem(submission, unknownSkuLines));
      return answer(placing, await placeOrders.place(placing));
    },
    rehearse: async (submission) => {
      const placing = placingOf(submission);
      const { unknownSkuLines } = placing;
      if (unknownSkuLines.length > 0 && !submission.holdUnknownSkus) throw strangersProblem(submission, unknownSkuLines);
      const rehearsal = await placeOrders.rehearse(placing, sql);
      if (rehearsal.outcome === 'refused') throw refused(rehearsal.refusal);
      if (rehearsal.outcome === 'other_reference') throw referenceTaken(rehearsal.orderId);
      const { known } = rehearsal;
      return { dryRun: true, known: known !== undefined, ...(known === undefined ? {} : { orderId: known }), unknownSkuLines };
    },
  };
};
