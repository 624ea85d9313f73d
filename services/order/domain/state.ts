import type { Destination, Exclusion, LineQuantity, OrderPlacedData, Payment } from './events.js';

/** A line's units that are in no center's hands; the others are in the fulfillments. */
export type LineUnits = {
  readonly lineId: string;
  readonly sku: string;
  readonly ordered: number;
  readonly open: number;
  readonly backordered: number;
  readonly cancelled: number;
  /** Plans of this line that came to nothing since the last review. */
  readonly failures: number;
};

/** Units of one line in one center's hands. What is in none of `reopened`, `cancelled` and the packages is still on its shelf or cart. */
export type LegUnits = {
  readonly lineId: string;
  readonly sku: string;
  readonly planned: number;
  /** All units ever picked, as far as known. */
  readonly picked: number;
  readonly reopened: number;
  readonly cancelled: number;
};

/** One box. Every field is what is known so far: facts of shipping may come before those of the warehouse. */
export type Package = {
  readonly id: string;
  readonly lines: readonly LineQuantity[];
  readonly packed: boolean;
  readonly labeled: boolean;
  readonly shipped: boolean;
  readonly carrier: string;
  readonly trackingNumber: string;
  readonly trackingUrl: string;
  readonly expectedDelivery: string;
  readonly shipmentId: string;
  readonly outcome: '' | 'delivered' | 'returned_to_sender' | 'lost';
  readonly deliveredAt: string;
  /** Its units are out of it: routed anew or cancelled. */
  readonly emptied: '' | 'reopened' | 'cancelled';
};

/** One leg of one plan attempt. */
export type Fulfillment = {
  readonly id: string;
  readonly attempt: number;
  readonly reservationId: string;
  readonly reservationEpoch: number;
  readonly centerId: string;
  readonly centerKind: string;
  readonly serviceLevel: string;
  readonly shipBy: string;
  readonly expectedDelivery: string;
  readonly phase: 'routed' | 'allocated' | 'released';
  readonly started: boolean;
  readonly rejected: boolean;
  readonly lines: readonly LegUnits[];
  readonly packages: readonly Package[];
};

/** An open hold. */
export type Hold = { readonly id: string; readonly reason: string; readonly detail: string; readonly lineIds: readonly string[] };

/** Units of one line in one center's hands that a cancellation asked for, and what was answered so far. */
export type AnsweredShare = {
  readonly lineId: string;
  readonly sku: string;
  readonly fulfillmentOrderId: string;
  readonly asked: number;
  readonly cancelled: number;
  readonly refused: number;
};

/** A request that centers and carriers must answer. */
export type Cancellation = {
  readonly id: string;
  readonly reason: string;
  readonly shares: readonly AnsweredShare[];
};

/** The folded state of an order's stream. */
export type Order = {
  /** Undefined: there is no such order. */
  readonly placed: OrderPlacedData | undefined;
  readonly accepted: boolean;
  readonly rejected: boolean;
  /** Why nothing further is expected; empty: something is. */
  readonly closed: string;
  readonly destination: Destination;
  readonly personalDataVersion: number;
  readonly payment: Payment;
  readonly lines: readonly LineUnits[];
  readonly fulfillments: readonly Fulfillment[];
  readonly holds: readonly Hold[];
  readonly cancellations: readonly Cancellation[];
  readonly exclusions: readonly Exclusion[];
  /** The plan that was asked for last, and whether because stock had come. */
  readonly asked: { readonly attempt: number; readonly isCovered: boolean };
  readonly reviewAt: string;
  readonly feedback: { readonly answerBy: string; readonly score: number };
  /** Deadline of the stage the order is in. Stale in a stage that has none (all units wait for stock or payment). */
  readonly dueBy: string;
  /** Facts that were acted on and that nothing else would recognize when they come again. */
  readonly causes: readonly string[];
};

/** Nothing has happened. */
export const noOrder: Order = {
  placed: undefined,
  accepted: false,
  rejected: false,
  closed: '',
  destination: { countryCode: '', region: '', postalCode: '', city: '' },
  personalDataVersion: 0,
  payment: { status: 'pending', reference: '', authorizedAmount: 0, capturedAmount: 0, authorizedUntil: '' },
  lines: [],
  fulfillments: [],
  holds: [],
  cancellations: [],
  exclusions: [],
  asked: { attempt: 0, isCovered: false },
  reviewAt: '',
  feedback: { answerBy: '', score: 0 },
  dueBy: '',
  causes: [],
};
