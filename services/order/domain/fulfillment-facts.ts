import type { LineQuantity, OrderEvent } from './events.js';
import type { Following } from './facts.js';
import { captureAmount } from './capture.js';
import { conclude, draftOf, hold, orderIdOf, releaseHold, say, type Draft } from './draft.js';
import { excluding, reopen } from './reopening.js';
import type { Fulfillment, Order, Package } from './state.js';
import { unanswered } from './status.js';
import { quantityOf, returnedFrom, unpackedLines } from './units.js';
import { refuse, type Refusal } from '@orderlog/decider';

// What the warehouse and the carriers say. Each fact adds to what is known of a fulfillment or a package, so that a fact that comes
// before its cause's fact, late or twice leads to the same state: no step is undone, and none is waited for.

type Answer = readonly OrderEvent[] | Refusal<'FulfillmentUnknown'>;

const unknown = (id: string): Refusal<'FulfillmentUnknown'> => refuse('FulfillmentUnknown', `the order has no fulfillment ${id}`);

/** Finds a fulfillment by its id. */
export const fulfillmentOf = (order: Order, id: string): Fulfillment | undefined => order.fulfillments.find((leg) => leg.id === id);

const skuOf = (leg: Fulfillment, lineId: string): string => leg.lines.find((line) => line.lineId === lineId)?.sku ?? '';

/** Told units as far as the center can have them: never more than `available` says. */
const clamped = (leg: Fulfillment, told: readonly LineQuantity[] | undefined, available: readonly LineQuantity[]): LineQuantity[] => {
  const lines: LineQuantity[] = [];
  for (const { lineId } of leg.lines) {
    const quantity = Math.min(quantityOf(told ?? [], lineId), quantityOf(available, lineId));
    if (quantity > 0) lines.push({ lineId, sku: skuOf(leg, lineId), quantity });
  }
  return lines;
};

/** Id of the hold for a center that does not answer a request. */
export const silentHold = (id: string): string => `center-silent-${id}`;
/** Id of the hold for a center that does not answer a cancellation. */
export const silentCancellationHold = (id: string): string => `center-silent-${id}.cancellation`;
const labelHold = (packageId: string): string => `label-failed-${packageId}`;
/** Id of the hold for a package that came back or was lost. */
export const undeliveredHold = (packageId: string): string => `undelivered-${packageId}`;

/** The center works on it. */
export const followAccepted = (order: Order, { fact, at }: Following<'FulfillmentOrderAccepted'>): Answer => {
  const leg = fulfillmentOf(order, fact.fulfillmentOrderId);
  if (leg === undefined) return unknown(fact.fulfillmentOrderId);
  if (leg.started) return [];
  const draft = draftOf(order, at);
  say(draft, {
    type: 'OrderFulfillmentStarted',
    data: {
      orderId: orderIdOf(order),
      fulfillmentOrderId: leg.id,
      centerId: leg.centerId,
      lines: clamped(leg, fact.lines, leg.lines.map((line) => ({ ...line, quantity: line.planned }))),
    },
  });
  releaseHold(draft, silentHold(leg.id), 'the center answered');
  return conclude(draft);
};

/** The center will not: its units are routed anew, elsewhere. */
export const followRejected = (order: Order, { fact, at }: Following<'FulfillmentOrderRejected'>): Answer => {
  const leg = fulfillmentOf(order, fact.fulfillmentOrderId);
  if (leg === undefined) return unknown(fact.fulfillmentOrderId);
  const units = returnedFrom(leg, unpackedLines(leg), fact.stockEffect === undefined || fact.stockEffect === '' ? 'release' : fact.stockEffect);
  if (units.length === 0) return [];
  const draft = draftOf(order, at);
  const skus = [...new Set(units.map((unit) => unit.sku))];
  const exclusions = excluding(order.exclusions, skus.map((sku) => ({ centerId: leg.centerId, sku, reason: 'center_rejected' })));
  reopen(draft, { reason: 'center_rejected', units, exclusions });
  releaseHold(draft, silentHold(leg.id), 'the center answered');
  return conclude(draft);
};

/** The third party said nothing by its deadline: to the request, or to a cancellation. */
export const followOverdue = (order: Order, { fact, at }: Following<'FulfillmentOrderOverdue'>): Answer => {
  const leg = fulfillmentOf(order, fact.fulfillmentOrderId);
  if (leg === undefined) return unknown(fact.fulfillmentOrderId);
  const draft = draftOf(order, at);
  if (fact.waitingFor === 'cancellation') {
    const isAsked = order.cancellations.some(({ shares }) =>
      shares.some((share) => share.fulfillmentOrderId === leg.id && unanswered(order, share) > 0),
    );
    if (isAsked) hold(draft, silentCancellationHold(leg.id), 'CENTER_SILENT', leg.centerId);
    return conclude(draft);
  }
  const hasAnswered = leg.started || leg.rejected || leg.packages.length > 0 || leg.lines.some((line) => line.picked > 0);
  if (hasAnswered || unpackedLines(leg).length === 0) return [];
  hold(draft, silentHold(leg.id), 'CENTER_SILENT', leg.centerId);
  return conclude(draft);
};

/** Everything the center will find is picked and sorted. */
export const followPicked = (order: Order, { fact, at }: Following<'FulfillmentOrderPicked'>): Answer => {
  const leg = fulfillmentOf(order, fact.fulfillmentOrderId);
  if (leg === undefined) return unknown(fact.fulfillmentOrderId);
  const lines = clamped(leg, fact.lines, leg.lines.map((line) => ({ ...line, quantity: line.planned })));
  const isNews = lines.some(({ lineId, quantity }) => quantity > (leg.lines.find((line) => line.lineId === lineId)?.picked ?? 0));
  if (!isNews) return [];
  const draft = draftOf(order, at);
  say(draft, {
    type: 'OrderFulfillmentPicked',
    data: { orderId: orderIdOf(order), fulfillmentOrderId: leg.id, centerId: leg.centerId, lines },
  });
  return conclude(draft);
};

/** Units are not where they should be: they are routed anew, the rest goes on. */
export const followShorted = (order: Order, { fact, factId, at }: Following<'PickShorted'>): Answer => {
  const leg = fulfillmentOf(order, fact.fulfillmentOrderId);
  if (leg === undefined) return unknown(fact.fulfillmentOrderId);
  if (order.causes.includes(factId)) return [];
  const sku = skuOf(leg, fact.lineId);
  const lines = clamped(leg, [{ lineId: fact.lineId, sku, quantity: fact.quantity }], unpackedLines(leg));
  if (lines.length === 0) return [];
  const draft = draftOf(order, at);
  reopen(draft, {
    reason: 'short_pick',
    units: returnedFrom(leg, lines, fact.stockEffect === undefined || fact.stockEffect === '' ? 'write_off' : fact.stockEffect),
    exclusions: excluding(order.exclusions, [{ centerId: leg.centerId, sku, reason: 'short_pick' }]),
    causeId: factId,
  });
  return conclude(draft);
};

type Box = { readonly leg: Fulfillment; readonly known: Package | undefined; readonly lines: readonly LineQuantity[] };

/** A package by its id, with its contents: as known, else as told. */
const boxOf = (order: Order, fulfillmentOrderId: string, packageId: string, told: readonly LineQuantity[] | undefined): Box | undefined => {
  const leg = fulfillmentOf(order, fulfillmentOrderId);
  if (leg === undefined) return undefined;
  const known = leg.packages.find((box) => box.id === packageId);
  return { leg, known, lines: known?.lines ?? clamped(leg, told, unpackedLines(leg)) };
};

const ofPackage = (order: Order, { leg, lines }: Box, packageId: string) => ({
  orderId: orderIdOf(order),
  fulfillmentOrderId: leg.id,
  packageId,
  lines,
});

/** A box is closed: shipping may buy its label. */
export const followPackageClosed = (order: Order, { fact, at }: Following<'PackageClosed'>): Answer => {
  const box = boxOf(order, fact.fulfillmentOrderId, fact.packageId, fact.lines);
  if (box === undefined) return unknown(fact.fulfillmentOrderId);
  if (box.known?.packed === true || box.lines.length === 0) return [];
  const draft = draftOf(order, at);
  say(draft, {
    type: 'OrderPackagePacked',
    data: {
      ...ofPackage(order, box, fact.packageId),
      centerId: box.leg.centerId,
      weightGrams: fact.weightGrams ?? 0,
      carton: fact.carton ?? '',
      lengthMm: fact.lengthMm ?? 0,
      widthMm: fact.widthMm ?? 0,
      heightMm: fact.heightMm ?? 0,
      serviceLevel: box.leg.serviceLevel,
      destination: order.destination,
      trackingToken: order.placed?.trackingToken ?? '',
      expectedDelivery: box.leg.expectedDelivery,
    },
  });
  return conclude(draft);
};

/** The label is bought. */
export const followLabelPurchased = (order: Order, { fact, at }: Following<'LabelPurchased'>): Answer => {
  const box = boxOf(order, fact.fulfillmentOrderId, fact.packageId, fact.lines);
  if (box === undefined) return unknown(fact.fulfillmentOrderId);
  if (box.known?.labeled === true || box.lines.length === 0) return [];
  const draft = draftOf(order, at);
  say(draft, {
    type: 'OrderPackageLabeled',
    data: {
      ...ofPackage(order, box, fact.packageId),
      carrier: fact.carrier,
      trackingNumber: fact.trackingNumber,
      trackingUrl: fact.trackingUrl ?? '',
      cost: fact.cost ?? 0,
      costCurrency: fact.costCurrency ?? '',
      expectedDelivery: fact.expectedDelivery ?? '',
    },
  });
  releaseHold(draft, labelHold(fact.packageId), 'a label was bought');
  return conclude(draft);
};

/** No carrier sells a label: somebody has to look. */
export const followLabelFailed = (order: Order, { fact, at }: Following<'LabelFailed'>): Answer => {
  const box = boxOf(order, fact.fulfillmentOrderId, fact.packageId, []);
  if (box === undefined) return unknown(fact.fulfillmentOrderId);
  const isSettled = box.known !== undefined && (box.known.labeled || box.known.shipped || box.known.outcome !== '' || box.known.emptied !== '');
  if (isSettled) return [];
  const draft = draftOf(order, at);
  hold(draft, labelHold(fact.packageId), 'LABEL_FAILED', fact.reason);
  return conclude(draft);
};

const ship = (draft: Draft, box: Box, packageId: string, told: { shipmentId: string; carrier: string; trackingNumber: string }): void => {
  const { placed } = draft.state;
  say(draft, {
    type: 'OrderPackageShipped',
    data: {
      ...ofPackage(draft.state, box, packageId),
      centerId: box.leg.centerId,
      shipmentId: told.shipmentId,
      carrier: told.carrier,
      trackingNumber: told.trackingNumber,
      captureAmount: captureAmount(draft.state, packageId, box.lines),
      currency: placed?.currency ?? '',
      reservationId: box.leg.reservationId,
      dueBy: '',
    },
  });
  releaseHold(draft, labelHold(packageId), 'the carrier has it');
};

/** The carrier has these packages: the pivot. */
export const followHandedOver = (order: Order, { fact, at }: Following<'ShipmentHandedOver'>): Answer => {
  if (fulfillmentOf(order, fact.fulfillmentOrderId) === undefined) return unknown(fact.fulfillmentOrderId);
  const draft = draftOf(order, at);
  for (const { packageId, lines, trackingNumber } of fact.packages ?? []) {
    const box = boxOf(draft.state, fact.fulfillmentOrderId, packageId, lines);
    if (box === undefined || box.known?.shipped === true || box.lines.length === 0) continue;
    ship(draft, box, packageId, { shipmentId: fact.shipmentId, carrier: fact.carrier, trackingNumber });
  }
  return conclude(draft);
};

/** The customer has it. After another outcome it is data for the timeline only. */
export const followDelivered = (order: Order, { fact, at }: Following<'PackageDelivered'>): Answer => {
  const box = boxOf(order, fact.fulfillmentOrderId, fact.packageId, fact.lines);
  if (box === undefined) return unknown(fact.fulfillmentOrderId);
  if (box.lines.length === 0 || (box.known !== undefined && (box.known.outcome !== '' || box.known.emptied !== ''))) return [];
  const draft = draftOf(order, at);
  say(draft, { type: 'OrderPackageDelivered', data: { ...ofPackage(order, box, fact.packageId), deliveredAt: fact.deliveredAt, dueBy: '' } });
  releaseHold(draft, labelHold(fact.packageId), 'the customer has it');
  return conclude(draft);
};

/** The package will not arrive: somebody decides whether to send again or to cancel. */
export const followUndelivered = (
  order: Order,
  { fact, at }: Following<'PackageLost'>,
  reason: 'returned_to_sender' | 'lost',
): Answer => {
  const box = boxOf(order, fact.fulfillmentOrderId, fact.packageId, fact.lines);
  if (box === undefined) return unknown(fact.fulfillmentOrderId);
  if (box.lines.length === 0 || (box.known !== undefined && (box.known.outcome !== '' || box.known.emptied !== ''))) return [];
  const draft = draftOf(order, at);
  say(draft, { type: 'OrderPackageUndelivered', data: { ...ofPackage(order, box, fact.packageId), reason, dueBy: '' } });
  releaseHold(draft, labelHold(fact.packageId), 'the carrier has it');
  hold(draft, undeliveredHold(fact.packageId), 'UNDELIVERED', reason, box.lines.map((line) => line.lineId));
  return conclude(draft);
};
