import { orderDocument, type LineRequest, type Place } from './order-documents.js';
import { refusalOf, Shop, type OrderDocument } from './shop.js';
import { northCenter, quietCenter, southCenter, thirdPartyCenter } from './world.js';

/** What a life is given. `id` is unique in this run and in all runs before it. */
export type LifeContext = {
  readonly shop: Shop;
  readonly id: string;
  readonly number: number;
  readonly place: Place;
  /** SKUs with stock without end. */
  readonly plainSkus: readonly string[];
  /** How long one step may take. */
  readonly timeoutMs: number;
  readonly random: () => number;
};

/** One way an order can live. Throws when it does not end as it must; answers the order's id. */
export type Life = {
  readonly name: string;
  /** It goes on only after a reservation has expired: with the usual quarter of an hour nobody would look on. */
  readonly waitsForLease?: true;
  readonly run: (context: LifeContext) => Promise<string>;
};

const must = (holds: boolean, otherwise: string): void => {
  if (!holds) throw new Error(otherwise);
};

const units = (order: OrderDocument, state: string): number => order.lines.reduce((sum, line) => sum + (line.quantities[state] ?? 0), 0);
const packagesOf = (order: OrderDocument) => order.fulfillments.flatMap(({ packages }) => packages);
const isDelivered = (order: OrderDocument): boolean => order.status === 'delivered' || order.status === 'closed';
const typesOf = async (context: LifeContext, id: string): Promise<readonly string[]> => (await context.shop.timeline(id)).map(({ type }) => type);

const place = async (context: LifeContext, lines: readonly LineRequest[], options: { readonly payment?: 'paid' | 'pending'; readonly place?: Place } = {}): Promise<string> => {
  const document = orderDocument({
    reference: context.id,
    number: context.number,
    place: options.place ?? context.place,
    lines,
    ...(options.payment === undefined ? {} : { payment: options.payment }),
  });
  const { status, body } = await context.shop.submit(document, `key-${context.id}`);
  must(status === 201, `answered ${status}, not 201`);
  return body.id;
};
const delivered = (context: LifeContext, id: string): Promise<OrderDocument> => context.shop.until(id, 'delivered', isDelivered, context.timeoutMs);
const reached = (context: LifeContext, id: string, what: string, wanted: (order: OrderDocument) => boolean): Promise<OrderDocument> =>
  context.shop.until(id, what, wanted, context.timeoutMs);
const seen = async (context: LifeContext, id: string, type: string, times = 1): Promise<void> => {
  const giveUpAt = Date.now() + context.timeoutMs;
  while ((await typesOf(context, id)).filter((seenType) => seenType === type).length < times) {
    if (Date.now() > giveUpAt) throw new Error(`no ${type} on the timeline after ${context.timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};

const plainLines = (context: LifeContext): LineRequest[] => {
  const chosen = new Set(Array.from({ length: 1 + Math.floor(context.random() * 3) }, () => context.plainSkus[Math.floor(context.random() * context.plainSkus.length)] ?? ''));
  return [...chosen].map((sku) => ({ sku, quantity: 1 + Math.floor(context.random() * 2) }));
};

/** The usual life; most orders of the demo. */
export const plain: Life = {
  name: 'plain',
  run: async (context) => {
    const id = await place(context, plainLines(context));
    const order = await delivered(context, id);
    must(order.lines.every((line) => line.quantities['delivered'] === line.quantity), 'not every unit was delivered');
    return id;
  },
};

const twoCenters: Life = {
  name: 'split over two centers, partially shipped, then shipped',
  run: async (context) => {
    const [north, south] = [`NORTH-${context.id}`, `SOUTH-${context.id}`];
    await context.shop.stock(north, { [northCenter]: 1 });
    await context.shop.stock(south, { [southCenter]: 1 });
    const id = await place(context, [{ sku: north, quantity: 1 }, { sku: south, quantity: 1 }]);
    const order = await delivered(context, id);
    must(new Set(order.fulfillments.map(({ centerId }) => centerId)).size === 2, 'was not split over two centers');
    const types = await typesOf(context, id);
    must(types.filter((type) => type === 'OrderPackageShipped').length === 2, 'not two packages shipped');
    must(types.indexOf('OrderPackageShipped') < types.indexOf('OrderShipped'), 'was never partially shipped');
    return id;
  },
};

const twoPackages: Life = {
  name: 'two packages from one center',
  run: async (context) => {
    const sku = `TWOBOX-${context.id}`;
    await context.shop.stock(sku, { [northCenter]: 2 });
    const id = await place(context, [{ sku, quantity: 2 }]);
    const order = await delivered(context, id);
    must(order.fulfillments.length === 1 && packagesOf(order).length === 2, `${order.fulfillments.length} fulfillment orders, ${packagesOf(order).length} packages`);
    return id;
  },
};

const backordered: Life = {
  name: 'out of stock, backordered, stock received, delivered',
  run: async (context) => {
    const sku = `NONE-${context.id}`;
    await context.shop.stock(sku, {});
    const id = await place(context, [{ sku, quantity: 1 }]);
    await reached(context, id, 'backordered', ({ status }) => status === 'backordered');
    await context.shop.receive(sku, southCenter, 1);
    await delivered(context, id);
    return id;
  },
};

const partlyBackordered: Life = {
  name: 'one of three units backordered, the rest delivered first',
  run: async (context) => {
    const sku = `TWOLEFT-${context.id}`;
    await context.shop.stock(sku, { [northCenter]: 2 });
    const id = await place(context, [{ sku, quantity: 3 }]);
    const order = await reached(context, id, 'two delivered', (seenOrder) => units(seenOrder, 'delivered') === 2);
    must(units(order, 'backordered') === 1 && order.status === 'partially_delivered', `${units(order, 'backordered')} backordered, ${order.status}`);
    await context.shop.receive(sku, northCenter, 1);
    await delivered(context, id);
    return id;
  },
};

const oneCancelled: Life = {
  name: 'one unit of three cancelled',
  run: async (context) => {
    const sku = context.plainSkus[0] ?? '';
    const id = await place(context, [{ sku, quantity: 3 }], { payment: 'pending' });
    await reached(context, id, 'allocated', ({ status }) => status === 'allocated');
    await context.shop.api.call('POST', `/v1/orders/${id}/cancellations`, { lines: [{ lineId: '1', quantity: 1 }], reason: 'customer' });
    await pay(context, id);
    const order = await delivered(context, id);
    must(units(order, 'delivered') === 2 && units(order, 'cancelled') === 1, `${units(order, 'delivered')} delivered, ${units(order, 'cancelled')} cancelled`);
    return id;
  },
};

const shortPick: Life = {
  name: 'short pick, the missing unit routed to another center',
  run: async (context) => {
    const sku = `SHORT-${context.id}`;
    await context.shop.stock(sku, { [northCenter]: 2, [southCenter]: 2 });
    const id = await place(context, [{ sku, quantity: 2 }]);
    const order = await delivered(context, id);
    must((await typesOf(context, id)).includes('PickShorted'), 'nothing was shorted');
    must(new Set(order.fulfillments.map(({ centerId }) => centerId)).size === 2, 'no other center sent the missing unit');
    return id;
  },
};

const thirdPartyRejects: Life = {
  name: 'third party rejects, routed again',
  run: async (context) => {
    const sku = `REJECT-${context.id}`;
    await context.shop.stock(sku, { [thirdPartyCenter]: 1 });
    const id = await place(context, [{ sku, quantity: 1 }]);
    await seen(context, id, 'FulfillmentOrderRejected');
    await context.shop.receive(sku, northCenter, 1);
    const order = await delivered(context, id);
    must(order.fulfillments.some(({ centerId, status }) => centerId === northCenter && status !== 'rejected'), 'no other center sent it');
    return id;
  },
};

const cancelledInTime: Life = {
  name: 'cancelled before the package closes: stock released, tasks withdrawn',
  run: async (context) => {
    const sku = `QUIET-${context.id}`;
    await context.shop.stock(sku, { [quietCenter]: 2 });
    const id = await place(context, [{ sku, quantity: 2 }]);
    await seen(context, id, 'OrderFulfillmentStarted');
    const { status } = await context.shop.api.call('POST', `/v1/orders/${id}/cancellations`, { reason: 'customer' });
    must(status === 202, `answered ${status}, not 202`);
    await reached(context, id, 'cancelled', (order) => order.status === 'cancelled');
    await stockIs(context, sku, quietCenter, { available: 2, reserved: 0, committed: 0 });
    return id;
  },
};

const cancelTooLate: Life = {
  name: 'cancel after hand-over: a typed refusal',
  run: async (context) => {
    const id = await place(context, plainLines(context));
    await reached(context, id, 'shipped', (order) => ['shipped', 'delivered', 'closed'].includes(order.status));
    const refusal = await refusalOf(context.shop.api.call('POST', `/v1/orders/${id}/cancellations`, { reason: 'customer' }));
    must(refusal.status === 409 && refusal.problem?.type !== undefined, `answered ${refusal.status}`);
    await delivered(context, id);
    return id;
  },
};

const unknownPostcode: Life = {
  name: 'held for an unknown postcode, corrected, delivered',
  run: async (context) => {
    const id = await place(context, plainLines(context), { place: { countryCode: 'DE', postalCode: '99999', city: 'Nirgendwo', region: 'Nirgends' } });
    await reached(context, id, 'held', ({ holds }) => holds.some(({ reason }) => reason === 'INCORRECT_ADDRESS'));
    const { shippingAddress } = orderDocument({ reference: context.id, number: context.number, place: context.place, lines: [] });
    await context.shop.api.call('PUT', `/v1/orders/${id}/shipping-address`, shippingAddress);
    await delivered(context, id);
    return id;
  },
};

const pay = (context: LifeContext, id: string) => context.shop.again(() => context.shop.api.call('PUT', `/v1/orders/${id}/payment`, { status: 'paid', reference: `payment-${context.id}` }));

const paidLater: Life = {
  name: 'payment pending, then paid, then released',
  run: async (context) => {
    const id = await place(context, plainLines(context), { payment: 'pending' });
    const before = await reached(context, id, 'allocated', ({ status }) => status === 'allocated');
    must(units(before, 'released') === 0, 'was released unpaid');
    await pay(context, id);
    await delivered(context, id);
    return id;
  },
};

const undelivered = async (context: LifeContext, id: string): Promise<string> => {
  const order = await reached(context, id, 'undelivered', (seenOrder) => units(seenOrder, 'undelivered') > 0);
  must(order.holds.some(({ reason }) => reason === 'UNDELIVERED'), 'nobody was told');
  return packagesOf(order).find(({ status }) => status === 'lost' || status === 'returned_to_sender' || status === 'undelivered')?.id ?? '';
};

const lostSentAgain: Life = {
  name: 'package lost, sent again',
  run: async (context) => {
    const sku = `LOST-${context.id}`;
    await context.shop.stock(sku, { [northCenter]: 2 });
    const id = await place(context, [{ sku, quantity: 1 }]);
    const packageId = await undelivered(context, id);
    await context.shop.api.call('POST', `/v1/orders/${id}/undelivered/${packageId}`, { action: 'resend' });
    const order = await delivered(context, id);
    must(units(order, 'delivered') === 1, `${units(order, 'delivered')} delivered`);
    return id;
  },
};

const returnedCancelled: Life = {
  name: 'returned to sender, cancelled',
  run: async (context) => {
    const sku = `RTS-${context.id}`;
    await context.shop.stock(sku, { [northCenter]: 1 });
    const id = await place(context, [{ sku, quantity: 1 }]);
    const packageId = await undelivered(context, id);
    await context.shop.api.call('POST', `/v1/orders/${id}/undelivered/${packageId}`, { action: 'cancel' });
    await reached(context, id, 'cancelled', ({ status }) => status === 'cancelled');
    return id;
  },
};

const sameKeyTwice: Life = {
  name: 'same key twice: one order, same answer, marked as replay',
  run: async (context) => {
    const document = orderDocument({ reference: context.id, number: context.number, place: context.place, lines: plainLines(context) });
    const first = await context.shop.submit(document, `key-${context.id}`);
    const second = await context.shop.submit(document, `key-${context.id}`);
    must(second.status === 201 && second.headers['idempotent-replayed'] === 'true', `answered ${second.status}, replayed ${String(second.headers['idempotent-replayed'])}`);
    must(JSON.stringify(first.body) === JSON.stringify(second.body), 'the second answer differs');
    await delivered(context, first.body.id);
    return first.body.id;
  },
};

const sameKeyOtherBody: Life = {
  name: 'same key, other body: 422',
  run: async (context) => {
    const id = await place(context, plainLines(context));
    const other = orderDocument({ reference: context.id, number: context.number + 1, place: context.place, lines: [{ sku: context.plainSkus[1] ?? '', quantity: 7 }] });
    const refusal = await refusalOf(context.shop.api.call('POST', '/v1/orders', other, { 'idempotency-key': `key-${context.id}` }));
    must(refusal.status === 422, `answered ${refusal.status}`);
    await delivered(context, id);
    return id;
  },
};

const expiredWhileHeld: Life = {
  name: 'reservation expired while held: reserved again',
  waitsForLease: true,
  run: async (context) => {
    const id = await place(context, plainLines(context), { payment: 'pending' });
    await seen(context, id, 'ReservationExpired');
    await seen(context, id, 'OrderAllocated', 2);
    await pay(context, id);
    await delivered(context, id);
    return id;
  },
};

const lateScans: Life = {
  name: 'carrier scans late, twice and out of order: the state never goes back',
  run: async (context) => {
    const sku = `LATE-${context.id}`;
    await context.shop.stock(sku, { [northCenter]: 1 });
    const id = await place(context, [{ sku, quantity: 1 }]);
    await delivered(context, id);
    await seen(context, id, 'TrackingScanRecorded', 3);
    must(isDelivered(await context.shop.get(id)), 'went back after delivery');
    must((await typesOf(context, id)).filter((type) => type === 'OrderPackageDelivered').length === 1, 'was delivered twice');
    return id;
  },
};

const twoLines: Life = {
  name: 'two lines: the total is right',
  run: async (context) => {
    const [one = '', two = ''] = context.plainSkus;
    const id = await place(context, [{ sku: one, quantity: 2, unitPrice: 1_999 }, { sku: two, quantity: 3, unitPrice: 250 }]);
    const order = await delivered(context, id);
    must(order.totals.grandTotal === 2 * 1_999 + 3 * 250 + 490, `the total is ${order.totals.grandTotal}`);
    return id;
  },
};

const buyersOfOne = 50;

const fiftyBuyers: Life = {
  name: '50 buyers of one product at once: the counters end at zero',
  run: async (context) => {
    const sku = `HOT-${context.id}`;
    await context.shop.stock(sku, { [northCenter]: buyersOfOne });
    const ids = await Promise.all(
      Array.from({ length: buyersOfOne }, async (_, buyer) => {
        const document = orderDocument({ reference: `${context.id}-${buyer}`, number: buyer, place: context.place, lines: [{ sku, quantity: 1 }] });
        return (await context.shop.submit(document, `key-${context.id}-${buyer}`)).body.id;
      }),
    );
    for (const id of ids) await delivered(context, id);
    await stockIs(context, sku, northCenter, { available: 0, reserved: 0, committed: 0 });
    return ids[0] ?? '';
  },
};

type StockRow = { readonly centerId: string; readonly available: number; readonly reserved: number; readonly committed: number; readonly onHand: number };

const stockIs = async (context: LifeContext, sku: string, centerId: string, wanted: Readonly<Record<'available' | 'reserved' | 'committed', number>>): Promise<void> => {
  const giveUpAt = Date.now() + context.timeoutMs;
  for (;;) {
    const { body } = await context.shop.again(() => context.shop.api.call<{ centers: StockRow[] }>('GET', `/v1/stock/${encodeURIComponent(sku)}`));
    const row = body.centers.find((candidate) => candidate.centerId === centerId);
    if (row !== undefined && row.available === wanted.available && row.reserved === wanted.reserved && row.committed === wanted.committed) return;
    if (Date.now() > giveUpAt) throw new Error(`stock of ${sku} is ${JSON.stringify(row)}, not ${JSON.stringify(wanted)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};

/** Every life but the plain one, in the order in which the demo lives them. */
export const specialLives: readonly Life[] = [
  twoCenters,
  twoPackages,
  backordered,
  partlyBackordered,
  oneCancelled,
  shortPick,
  thirdPartyRejects,
  cancelledInTime,
  cancelTooLate,
  unknownPostcode,
  paidLater,
  lostSentAgain,
  returnedCancelled,
  sameKeyTwice,
  sameKeyOtherBody,
  expiredWhileHeld,
  lateScans,
  twoLines,
];

/** A life that is fifty orders at once. */
export const fiftyBuyersLife: Life = fiftyBuyers;
