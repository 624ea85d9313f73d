import { Problem, problems, refusalToProblem, type ProblemDetails, type ProblemKind, type RefusalTable } from '@orderlog/edge';
import type { Refusal } from '@orderlog/decider';
import type { OrderRefusal } from '@orderlog/order-domain';

/** Problems of placing that are not refusals of the order. */
export const placingProblems = {
  keyReused: { slug: 'idempotency-key-reused', status: 422, title: 'This idempotency key was used for another order' },
  referenceConflict: { slug: 'external-reference-conflict', status: 409, title: 'Another order has this external reference' },
  unknownSku: { slug: 'unknown-sku', status: 422, title: 'A product is not known' },
} as const satisfies Record<string, ProblemKind>;

/** What each refusal of an order is to a caller. */
export const orderRefusals: RefusalTable<OrderRefusal> = {
  OrderUnknown: { ...problems.notFound },
  OrderAlreadyPlaced: { slug: 'order-exists', status: 409, title: 'The order exists already' },
  TotalsMismatch: { slug: 'totals-mismatch', status: 422, title: 'A total is not the sum of its parts' },
  DuplicateLine: { slug: 'duplicate-line', status: 422, title: 'Two lines have the same external id' },
  PickupNotOffered: { slug: 'pickup-not-offered', status: 422, title: 'Pickup is not offered' },
  AmountTooLarge: { slug: 'amount-too-large', status: 422, title: 'An amount is too large' },
  OrderEnded: { slug: 'order-ended', status: 409, title: 'The order has ended' },
  LineUnknown: { slug: 'line-unknown', status: 422, title: 'The order has no such line' },
  QuantityExceedsOrdered: { slug: 'quantity-exceeds-ordered', status: 422, title: 'The line has fewer units' },
  HandedOver: { slug: 'handed-over', status: 409, title: 'The carrier has it' },
  NothingToCancel: { slug: 'nothing-to-cancel', status: 409, title: 'Nothing is left to cancel' },
  CancellationPending: { slug: 'cancellation-pending', status: 409, title: 'These units are being cancelled' },
  PackageClosed: { slug: 'package-closed', status: 409, title: 'The packages are closed' },
  HoldUnknown: { slug: 'hold-unknown', status: 404, title: 'The order has no such open hold' },
  HoldEndsOtherwise: { slug: 'hold-ends-otherwise', status: 409, title: 'This hold ends by another decision' },
  PackageUnknown: { slug: 'package-unknown', status: 404, title: 'The order has no such package' },
  PackageNotUndelivered: { slug: 'package-not-undelivered', status: 409, title: 'The package is not lost or returned' },
  NotDelivered: { slug: 'not-delivered', status: 409, title: 'The order is not delivered yet' },
  FeedbackAlreadyReceived: { slug: 'feedback-received', status: 409, title: 'The feedback was given already' },
  FulfillmentUnknown: { slug: 'fulfillment-unknown', status: 404, title: 'The order has no such fulfillment' },
};

const computedForm = /^the computed value is (-?\d+)$/;

/** The problem for an order's refusal: the offending field, and for totals the value that would have been right. */
export const refused = (refusal: Refusal<OrderRefusal>): Problem => {
  const { detail, field } = refusal;
  const computed = computedForm.exec(detail ?? '')?.[1];
  const details: ProblemDetails = {
    ...(detail === undefined ? {} : { detail }),
    ...(field === undefined ? {} : { errors: [{ pointer: field, message: detail ?? 'is not right' }] }),
    ...(computed === undefined ? {} : { extensions: { computed: Number(computed) } }),
  };
  return refusalToProblem(refusal, orderRefusals, details);
};
