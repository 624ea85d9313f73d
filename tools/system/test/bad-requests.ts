import { orderDocument, type Place } from '../../sample-world/order-documents.js';

/** What bad requests are about: things that exist, and are not what the request takes them for. */
export type Victims = {
  readonly place: Place;
  readonly sku: string;
  /** An order that is delivered. */
  readonly endedOrder: string;
  /** An order that waits for its pickers. */
  readonly restingOrder: string;
  readonly fulfillmentOrder: string;
  readonly packageId: string;
};

/** A request that must be refused; `slug` is the end of the problem's `type`, `pointer` the first offending place. */
export type BadRequest = {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly path: string;
  /** A text is sent as it is. */
  readonly body?: unknown;
  /** Undefined takes away what is sent otherwise. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly status: number;
  readonly slug: string;
  readonly pointer?: string;
};

type Json = Readonly<Record<string, unknown>>;

/** The same document with one place changed; `undefined` takes it away. Paths are JSON pointers. */
const changed = (document: unknown, pointer: string, value: unknown): unknown => {
  const [, name = '', ...rest] = pointer.split('/');
  const copy = Array.isArray(document) ? [...document] : { ...(document as Json) };
  const members = copy as Record<string, unknown>;
  members[name] = rest.length === 0 ? value : changed(members[name], `/${rest.join('/')}`, value);
  return copy;
};

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
const unknownOrder = '01980000-0000-7000-8000-000000000000';
const bulk = (bytes: number): string => JSON.stringify({ pad: 'x'.repeat(bytes) });

/** Places of the order document that hold what they must not. Each is a 422 that points there (or to `points`). */
const badFields: readonly (readonly [name: string, pointer: string, value: unknown, points?: string])[] = [
  ['zero units', '/lines/0/quantity', 0],
  ['minus one unit', '/lines/0/quantity', -1],
  ['half a unit', '/lines/0/quantity', 1.5],
  ['too many units', '/lines/0/quantity', 100_001],
  ['more units than a number holds', '/lines/0/quantity', 1e300],
  ['units in words', '/lines/0/quantity', '1'],
  ['no lines', '/lines', []],
  ['lines that are no list', '/lines', {}],
  ['a line that is no object', '/lines', ['x']],
  ['an unknown field', '/colour', 'red'],
  ['an unknown field in a line', '/lines/0/colour', 'red'],
  ['an unknown field in an address', '/shippingAddress/planet', 'Mars'],
  ['a field named like the constructor', '/constructor', { name: 'x' }],
  ['a line field named like a method', '/lines/0/hasOwnProperty', 1],
  ['a currency that is none', '/currency', 'EURO'],
  ['a currency in small letters', '/currency', 'eur'],
  ['no currency', '/currency', undefined],
  ['no postcode where there are some', '/shippingAddress/postalCode', undefined],
  ['a postcode that is none', '/shippingAddress/postalCode', '!'],
  ['a country that is none', '/shippingAddress/countryCode', 'XY'],
  ['a price below zero', '/lines/0/unitPrice', -1],
  ['a price beyond 2^53', '/lines/0/unitPrice', 2 ** 53],
  ['a discount below zero', '/lines/0/discount', -1],
  ['a line total that is one off', '/lines/0/total', 1_291],
  ['a sum of lines that is one off', '/totals/lines', 1_289],
  ['a grand total that is one off', '/totals/grandTotal', 1_781],
  ['a day that does not exist', '/delivery/notBefore', '2026-02-30'],
  ['a time without an offset', '/placedAt', '2026-11-23T08:15:00'],
  ['a time in the year 0', '/placedAt', '0000-01-01T00:00:00Z'],
  ['a time that its offset takes out of the calendar', '/delivery/promisedBy', '9999-12-31T23:59:59-23:59'],
  ['a NUL', '/channel', 'a\u0000b'],
  ['a control character', '/customer/name', 'a\u0007b'],
  ['half a character', '/shippingAddress/city', '\ud800'],
  ['half a character in an e-mail address', '/customer/email', '\ud800@example.org'],
  ['a NUL in a remark', '/metadata', { a: '\u0000' }],
  ['a NUL in the name of a remark', '/metadata', { '\u0000': 'a' }],
  ['a remark that is no text', '/metadata', { a: 1 }],
  ['a very long text', '/externalReference', 'x'.repeat(70_000)],
  ['only spaces', '/externalReference', '   '],
  ['a number for a text', '/channel', 7],
  ['an SKU with a space', '/lines/0/sku', 'A B'],
  ['something deeply nested', '/customer', nested(200), '/customer/a'],
  ['pickup', '/delivery/method', 'pickup'],
];

const slugOf = (pointer: string): string => {
  if (/total/i.test(pointer)) return 'totals-mismatch';
  return pointer === '/delivery/method' ? 'pickup-not-offered' : 'invalid-request';
};

const submissions = ({ place, sku }: Victims): BadRequest[] => {
  const document = orderDocument({ reference: 'bad', number: 1, place, lines: [{ sku, quantity: 1 }] });
  const [line] = document.lines;
  const post = { method: 'POST', path: '/v1/orders' } as const;
  const whole = (body: unknown, slug = 'invalid-request', pointer = '') => ({ ...post, body, status: 422, slug, pointer });
  const twice = { ...document, lines: [line, line], totals: { lines: 2_580, delivery: 490, tax: 0, grandTotal: 3_070 } };
  return [
    ...badFields.map(([name, pointer, value, points]) => ({ name, ...whole(changed(document, pointer, value), slugOf(pointer), points ?? pointer) })),
    { name: '501 lines', ...whole({ ...document, lines: Array.from({ length: 501 }, (_, n) => ({ ...line, externalId: String(n) })) }, 'invalid-request', '/lines') },
    { name: 'the same line id twice', ...whole(twice, 'duplicate-line', '/lines/1/externalId') },
    { name: 'an SKU that nobody knows', ...whole(changed(document, '/lines/0/sku', 'NO-SUCH-SKU'), 'unknown-sku', '/lines/0/sku') },
    { name: 'amounts whose product is too large', ...whole(changed(changed(document, '/lines/0/unitPrice', 2 ** 53 - 1), '/lines/0/quantity', 2), 'amount-too-large', '/lines/0/unitPrice') },
    ...[[], 'text', 7, null].map((body) => ({ name: `${JSON.stringify(body)} for a document`, ...whole(JSON.stringify(body)) })),
    { name: 'nothing', ...whole('') },
    { name: 'malformed JSON', ...post, body: '{"channel":', status: 400, slug: 'malformed-json' },
    { name: 'a prototype', ...post, body: '{"__proto__":{"channel":"x"}}', status: 400, slug: 'malformed-json' },
    { name: 'a prototype inside', ...post, body: '{"customer":{"__proto__":{"x":1}}}', status: 400, slug: 'malformed-json' },
    { name: 'a number that JSON does not know', ...post, body: '{"a":NaN}', status: 400, slug: 'malformed-json' },
    { name: 'a body over 256 KB', ...post, body: bulk(257 * 1024), status: 413, slug: 'body-too-large' },
    { name: 'a form', ...post, body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' }, status: 415, slug: 'unsupported-media-type' },
    { name: 'plain text', ...post, body: JSON.stringify(document), headers: { 'content-type': 'text/plain' }, status: 415, slug: 'unsupported-media-type' },
    { name: 'no key', ...post, body: document, headers: { authorization: undefined }, status: 401, slug: 'unauthenticated' },
    { name: 'a wrong key', ...post, body: document, headers: { authorization: 'Bearer guess' }, status: 401, slug: 'unauthenticated' },
    { name: 'a key in another scheme', ...post, body: document, headers: { authorization: 'Basic Z3Vlc3M6' }, status: 401, slug: 'unauthenticated' },
    { name: 'no idempotency key', ...post, body: document, headers: { 'idempotency-key': undefined }, status: 400, slug: 'invalid-header', pointer: ':Idempotency-Key' },
    { name: 'an idempotency key of 256 characters', ...post, body: document, headers: { 'idempotency-key': 'x'.repeat(256) }, status: 400, slug: 'invalid-header', pointer: ':Idempotency-Key' },
    { name: 'an idempotency key with a space', ...post, body: document, headers: { 'idempotency-key': 'a b' }, status: 400, slug: 'invalid-header', pointer: ':Idempotency-Key' },
    { name: 'a dry run that is neither true nor false', ...post, path: '/v1/orders?dryRun=maybe', body: document, status: 400, slug: 'invalid-query', pointer: '?dryRun' },
  ];
};

const orderCommands = ({ endedOrder, restingOrder, place }: Victims): BadRequest[] => {
  const at = (order: string, path: string) => `/v1/orders/${order}${path}`;
  const address = { name: 'A', line1: 'B', city: place.city, postalCode: place.postalCode, countryCode: place.countryCode };
  const all = { reason: 'customer' };
  const cancel = (order: string, body: unknown) => ({ method: 'POST', path: at(order, '/cancellations'), body }) as const;
  return [
    { name: 'an unknown order', method: 'GET', path: at(unknownOrder, ''), status: 404, slug: 'not-found' },
    { name: 'the timeline of an unknown order', method: 'GET', path: at(unknownOrder, '/timeline'), status: 404, slug: 'not-found' },
    { name: 'an order id that is none', method: 'GET', path: at('7', ''), status: 404, slug: 'not-found' },
    { name: 'an order id with a NUL', method: 'GET', path: at('%00', ''), status: 400, slug: 'bad-request' },
    { name: 'an order id that cannot be decoded', method: 'GET', path: at('%ff', ''), status: 400, slug: 'bad-request' },
    { name: 'an order id that is too long', method: 'GET', path: at('x'.repeat(300), ''), status: 414, slug: 'address-too-long' },
    { name: 'a cancellation of an unknown order', ...cancel(unknownOrder, all), status: 404, slug: 'not-found' },
    { name: 'a cancellation after the hand-over', ...cancel(endedOrder, all), status: 409, slug: 'handed-over' },
    { name: 'a cancellation of a line that is not there', ...cancel(restingOrder, { ...all, lines: [{ lineId: '9', quantity: 1 }] }), status: 422, slug: 'line-unknown', pointer: '/lines/0/lineId' },
    { name: 'a cancellation of more than was ordered', ...cancel(restingOrder, { ...all, lines: [{ lineId: '1', quantity: 2 }] }), status: 422, slug: 'quantity-exceeds-ordered', pointer: '/lines/0/quantity' },
    { name: 'a cancellation of zero units', ...cancel(restingOrder, { ...all, lines: [{ lineId: '1', quantity: 0 }] }), status: 422, slug: 'invalid-request', pointer: '/lines/0/quantity' },
    { name: 'a cancellation of a line twice', ...cancel(restingOrder, { ...all, lines: [{ lineId: '1', quantity: 1 }, { lineId: '1', quantity: 1 }] }), status: 422, slug: 'invalid-request', pointer: '/lines' },
    { name: 'a cancellation without a reason', ...cancel(restingOrder, {}), status: 422, slug: 'invalid-request', pointer: '/reason' },
    { name: 'a payment of an unknown order', method: 'PUT', path: at(unknownOrder, '/payment'), body: { status: 'paid' }, status: 404, slug: 'not-found' },
    { name: 'a payment that is none', method: 'PUT', path: at(restingOrder, '/payment'), body: { status: 'maybe' }, status: 422, slug: 'invalid-request', pointer: '/status' },
    { name: 'another address after the end', method: 'PUT', path: at(endedOrder, '/shipping-address'), body: address, status: 409, slug: 'order-ended' },
    { name: 'an address without a postcode', method: 'PUT', path: at(restingOrder, '/shipping-address'), body: { ...address, postalCode: undefined }, status: 422, slug: 'invalid-request', pointer: '/postalCode' },
    { name: 'a hold after the end', method: 'POST', path: at(endedOrder, '/holds'), body: { reason: 'MANUAL' }, status: 409, slug: 'order-ended' },
    { name: 'a hold for no known reason', method: 'POST', path: at(restingOrder, '/holds'), body: { reason: 'BAD_MOOD' }, status: 422, slug: 'invalid-request', pointer: '/reason' },
    { name: 'the release of a hold that is not there', method: 'DELETE', path: at(restingOrder, '/holds/none'), status: 404, slug: 'hold-unknown' },
    { name: 'feedback before delivery', method: 'POST', path: at(restingOrder, '/feedback'), body: { score: 5 }, status: 409, slug: 'not-delivered' },
    { name: 'feedback of six stars', method: 'POST', path: at(endedOrder, '/feedback'), body: { score: 6 }, status: 422, slug: 'invalid-request', pointer: '/score' },
    { name: 'a decision on a package that is not there', method: 'POST', path: at(endedOrder, '/undelivered/none'), body: { action: 'resend' }, status: 404, slug: 'package-unknown' },
    { name: 'a method that is not there', method: 'PATCH', path: at(restingOrder, ''), body: {}, status: 404, slug: 'not-found' },
  ];
};

const cursorOf = (place: unknown): string => Buffer.from(JSON.stringify(place)).toString('base64url');

const lists = (): BadRequest[] => [
  ...['0', '-1', '1e9', '1.5', '201', 'x'].map((limit): BadRequest => ({ name: `a page of ${limit}`, method: 'GET', path: `/v1/orders?limit=${limit}`, status: 400, slug: 'invalid-query', pointer: '?limit' })),
  ...[
    ['/v1/orders?', 'garbage'],
    ['/v1/orders?', cursorOf(['infinity', unknownOrder])],
    ['/v1/orders?', cursorOf(['2026-01-01T00:00:00Z', '\u0000'])],
    ['/v1/orders?', cursorOf([1, 2])],
    ['/v1/stock?centerId=FC-EAST&', cursorOf(['\u0000'])],
    ['/v1/stock/backorders?', cursorOf(['x', 'y', 'z'])],
    ['/v1/stock/X/ledger?centerId=FC-EAST&', cursorOf(['1; drop table stock'])],
    ['/v1/warehouse/fulfillment-orders?centerId=FC-EAST&', cursorOf(['\u0000'])],
    ['/v1/shipments/packages?status=ready&', cursorOf(['x', 'y'])],
  ].map(([path, cursor]): BadRequest => ({ name: `the cursor ${cursor} on ${path}`, method: 'GET', path: `${path}cursor=${cursor}`, status: 400, slug: 'invalid-query', pointer: '?cursor' })),
  { name: 'a filter that nobody knows', method: 'GET', path: '/v1/orders?colour=red', status: 400, slug: 'invalid-query', pointer: '?colour' },
  { name: 'a state that nobody knows', method: 'GET', path: '/v1/orders?status=lost', status: 400, slug: 'invalid-query', pointer: '?status' },
  { name: 'a time in the year 0', method: 'GET', path: '/v1/orders?createdBefore=0000-01-01T00:00:00Z', status: 400, slug: 'invalid-query', pointer: '?createdBefore' },
];

const stock = ({ sku }: Victims): BadRequest[] => {
  const item = { name: 'x', weightGrams: 1 };
  const receipt = { receiptId: 'bad', centerId: 'FC-EAST', lines: [{ sku, quantity: 1 }] };
  const receive = (pointer: string, value: unknown, slug = 'invalid-request', points = pointer) =>
    ({ method: 'POST', path: '/v1/stock/receipts', body: changed(receipt, pointer, value), status: 422, slug, pointer: points }) as const;
  return [
    { name: 'an item whose name is no SKU', method: 'PUT', path: '/v1/stock/items/A%20B', body: item, status: 422, slug: 'invalid-request', pointer: ':sku' },
    { name: 'an item without a weight', method: 'PUT', path: '/v1/stock/items/A', body: { name: 'x' }, status: 422, slug: 'invalid-request', pointer: '/weightGrams' },
    { name: 'an item with an unknown field', method: 'PUT', path: '/v1/stock/items/A', body: { ...item, valueOf: 1 }, status: 422, slug: 'invalid-request', pointer: '/valueOf' },
    { name: 'no items', method: 'POST', path: '/v1/stock/items', body: { items: [] }, status: 422, slug: 'invalid-request', pointer: '/items' },
    { name: '501 items', method: 'POST', path: '/v1/stock/items', body: { items: Array.from({ length: 501 }, (_, n) => ({ ...item, sku: `S${n}` })) }, status: 422, slug: 'invalid-request', pointer: '/items' },
    { name: 'an item twice', method: 'POST', path: '/v1/stock/items', body: { items: [{ ...item, sku: 'A' }, { ...item, sku: 'A' }] }, status: 422, slug: 'invalid-request', pointer: '/items' },
    { name: 'an unknown item received', ...receive('/lines/0/sku', 'NO-SUCH-SKU', 'unknown-sku') },
    { name: 'units received where there is no center', ...receive('/centerId', 'NOWHERE', 'unknown-center') },
    { name: 'zero units received', ...receive('/lines/0/quantity', 0) },
    { name: 'half a unit received', ...receive('/lines/0/quantity', 0.5) },
    { name: 'more units received than a line has', ...receive('/lines/0/quantity', 10_000_001) },
    { name: 'more units received than a center holds', ...receive('/lines', Array.from({ length: 500 }, () => ({ sku, quantity: 10_000_000 })), 'too-much-stock', '/lines/0/quantity') },
    { name: '501 lines received', ...receive('/lines', Array.from({ length: 501 }, () => ({ sku, quantity: 1 }))) },
    { name: 'a receipt without an id', ...receive('/receiptId', undefined) },
    { name: 'a center that cannot be one', ...receive('/centerId', 'a b') },
    { name: 'a receipt over 512 KB', method: 'POST', path: '/v1/stock/receipts', body: bulk(513 * 1024), status: 413, slug: 'body-too-large' },
    { name: 'an adjustment by zero', method: 'POST', path: '/v1/stock/adjustments', body: { adjustmentId: 'bad', centerId: 'FC-EAST', reason: 'FOUND', lines: [{ sku, quantity: 0 }] }, status: 422, slug: 'invalid-request', pointer: '/lines/0/quantity' },
    { name: 'an adjustment below zero', method: 'POST', path: '/v1/stock/adjustments', body: { adjustmentId: 'bad', centerId: 'FC-EAST', reason: 'FOUND', lines: [{ sku, quantity: -10_000_000 }] }, status: 409, slug: 'stock-would-go-negative', pointer: '/lines/0/quantity' },
    { name: 'a count below zero', method: 'POST', path: '/v1/stock/counts', body: { countId: 'bad', centerId: 'FC-EAST', lines: [{ sku, counted: -1 }] }, status: 422, slug: 'invalid-request', pointer: '/lines/0/counted' },
    { name: 'an unknown item', method: 'GET', path: '/v1/stock/NO-SUCH-SKU', status: 404, slug: 'not-found' },
    { name: 'an unknown reservation', method: 'GET', path: '/v1/stock/reservations/none', status: 404, slug: 'not-found' },
  ];
};

const routing = (): BadRequest[] => {
  const center = { name: 'x', kind: 'own', countryCode: 'AT', city: 'x', latitude: 1, longitude: 1, timeZone: 'Europe/Vienna', cutOff: '14:00', capacityUnitsPerDay: 1 };
  const define = (pointer: string, value: unknown, points = pointer) =>
    ({ method: 'PUT', path: '/v1/routing/centers/BAD', body: changed(center, pointer, value), status: 422, slug: 'invalid-request', pointer: points }) as const;
  const coordinate = { countryCode: 'AT', postalCode: '1', latitude: 1, longitude: 1 };
  return [
    { name: 'a center in no time zone', ...define('/timeZone', 'Mars/Olympus') },
    { name: 'a center beyond the pole', ...define('/latitude', 91) },
    { name: 'a center with half a place', ...define('/latitude', undefined, '/longitude') },
    { name: 'a center that closes at 25:00', ...define('/cutOff', '25:00') },
    { name: 'a center of no kind', ...define('/kind', 'castle') },
    { name: 'a center whose id is none', method: 'PUT', path: '/v1/routing/centers/a%20b', body: center, status: 422, slug: 'invalid-request', pointer: ':id' },
    { name: 'a postcode in no country', method: 'POST', path: '/v1/routing/coordinates', body: { coordinates: [{ ...coordinate, countryCode: 'XY' }] }, status: 422, slug: 'invalid-request', pointer: '/coordinates/0/countryCode' },
    { name: 'no postcodes', method: 'POST', path: '/v1/routing/coordinates', body: { coordinates: [] }, status: 422, slug: 'invalid-request', pointer: '/coordinates' },
    { name: 'the decisions on an unknown order', method: 'GET', path: `/v1/routing/decisions/${unknownOrder}`, status: 404, slug: 'not-found' },
  ];
};

const floor = ({ fulfillmentOrder, packageId }: Victims): BadRequest[] => {
  const fulfillment = `/v1/warehouse/fulfillment-orders/${fulfillmentOrder}`;
  return [
    { name: 'the rejection of what was packed', method: 'POST', path: `${fulfillment}/rejection`, body: { reason: 'CAPACITY' }, status: 409, slug: 'fulfillment-order-ended' },
    { name: 'an answer to a cancellation that nobody asked for', method: 'POST', path: `${fulfillment}/cancellations/none/acceptance`, status: 404, slug: 'cancellation-unknown' },
    { name: 'a rejection for no known reason', method: 'POST', path: `${fulfillment}/rejection`, body: { reason: 'BAD_MOOD' }, status: 422, slug: 'invalid-request', pointer: '/reason' },
    { name: 'an unknown fulfillment order', method: 'GET', path: `/v1/warehouse/fulfillment-orders/${unknownOrder}.1.1`, status: 404, slug: 'not-found' },
    { name: 'a task for a worker without a name', method: 'POST', path: '/v1/warehouse/tasks/next', body: { centerId: 'FC-EAST', workerId: '' }, status: 422, slug: 'invalid-request', pointer: '/workerId' },
    { name: 'a scan on an unknown list', method: 'POST', path: '/v1/warehouse/pick-lists/none/scans', body: { workerId: 'w', scans: [{ scanId: 's', sku: 'X' }] }, status: 404, slug: 'pick-list-unknown' },
    { name: 'a scan of nothing', method: 'POST', path: '/v1/warehouse/pick-lists/none/scans', body: { workerId: 'w', scans: [{ scanId: 's' }] }, status: 422, slug: 'invalid-request', pointer: '/scans/0' },
    { name: '101 scans', method: 'POST', path: '/v1/warehouse/pick-lists/none/scans', body: { workerId: 'w', scans: Array.from({ length: 101 }, () => ({ scanId: 's', sku: 'X' })) }, status: 422, slug: 'invalid-request', pointer: '/scans' },
    { name: 'a package of what is packed', method: 'POST', path: `${fulfillment}/packages`, body: { workerId: 'w', packageNumber: 9, lines: [{ lineId: '1', quantity: 1 }] }, status: 409, slug: 'more-than-sorted' },
    { name: 'a carton that nobody makes', method: 'POST', path: `${fulfillment}/packages`, body: { workerId: 'w', carton: 'HUGE' }, status: 422, slug: 'invalid-request', pointer: '/carton' },
    { name: 'bins of a center that cannot be one', method: 'PUT', path: '/v1/warehouse/centers/a%20b/bins', body: { bins: [{ sku: 'A', aisle: 1, bay: 1, level: 1 }] }, status: 404, slug: 'not-found' },
    { name: 'a bin in aisle 0', method: 'PUT', path: '/v1/warehouse/centers/FC-EAST/bins', body: { bins: [{ sku: 'A', aisle: 0, bay: 1, level: 1 }] }, status: 422, slug: 'invalid-request', pointer: '/bins/0/aisle' },
    { name: 'a put-back that nobody asked for', method: 'POST', path: '/v1/warehouse/put-backs/none/done', body: { workerId: 'w' }, status: 404, slug: 'not-found' },
    { name: 'the hand-over of no packages', method: 'POST', path: '/v1/shipments/handovers', body: { centerId: 'FC-EAST', packageIds: [] }, status: 422, slug: 'invalid-request', pointer: '/packageIds' },
    { name: 'a label that has not failed', method: 'POST', path: `/v1/shipments/packages/${packageId}/label`, status: 409, slug: 'label-not-failed' },
    { name: 'the label of an unknown package', method: 'GET', path: '/v1/shipments/packages/none/label.pdf', status: 404, slug: 'not-found' },
    { name: 'scans that are not signed', method: 'POST', path: '/v1/shipments/carrier-scans', body: { type: 'tracking.scans' }, headers: { authorization: undefined }, status: 401, slug: 'unauthenticated' },
    { name: 'an unknown tracking number', method: 'GET', path: '/v1/shipments/tracking/NONE', status: 404, slug: 'not-found' },
    { name: 'a parked stream that is none', method: 'POST', path: '/v1/orders/ops/parked/none/release', status: 404, slug: 'not-found' },
  ];
};

/** One request of every kind for every service that takes it. */
const everywhere: readonly (readonly [service: string, method: 'POST' | 'PUT', path: string])[] = [
  ['order', 'PUT', `/v1/orders/${unknownOrder}/payment`],
  ['inventory', 'POST', '/v1/stock/counts'],
  ['routing', 'PUT', '/v1/routing/centers/BAD'],
  ['warehouse', 'POST', '/v1/warehouse/tasks/next'],
  ['shipping', 'POST', '/v1/shipments/handovers'],
];

const ofEveryService = (): BadRequest[] =>
  everywhere.flatMap(([service, method, path]): BadRequest[] => [
    { name: `malformed JSON to ${service}`, method, path, body: '{', status: 400, slug: 'malformed-json' },
    { name: `a list to ${service}`, method, path, body: [], status: 422, slug: 'invalid-request', pointer: '' },
    { name: `an unknown field to ${service}`, method, path, body: { constructor: { prototypes: 1 } }, status: 422, slug: 'invalid-request', pointer: '/constructor' },
    { name: `two megabytes to ${service}`, method, path, body: bulk(2 * 1024 * 1024), status: 413, slug: 'body-too-large' },
    { name: `text to ${service}`, method, path, body: '{}', headers: { 'content-type': 'text/plain' }, status: 415, slug: 'unsupported-media-type' },
    { name: `no key to ${service}`, method, path, body: {}, headers: { authorization: undefined }, status: 401, slug: 'unauthenticated' },
    { name: `a wrong idempotency key to ${service}`, method, path, body: {}, headers: { 'idempotency-key': 'a b' }, status: 400, slug: 'invalid-header', pointer: ':Idempotency-Key' },
  ]);

/** Everything a stranger tries at the public front door. */
export const badRequests = (victims: Victims): readonly BadRequest[] => [
  ...submissions(victims),
  ...orderCommands(victims),
  ...lists(),
  ...stock(victims),
  ...routing(),
  ...floor(victims),
  ...ofEveryService(),
];

/** What has to be refused in an order over gRPC, by the field that the status names. */
export const badMessages = ({ place, sku }: Victims): readonly { readonly name: string; readonly order: unknown; readonly pointer: string; readonly reason: string }[] => {
  const document = orderDocument({ reference: 'bad', number: 1, place, lines: [{ sku, quantity: 1 }] });
  const wrong = (name: string, pointer: string, value: unknown, reason = 'INVALID_REQUEST') => ({ name, order: changed(document, pointer, value), pointer, reason });
  return [
    wrong('zero units', '/lines/0/quantity', 0),
    wrong('too many units', '/lines/0/quantity', 100_001),
    wrong('no lines', '/lines', []),
    wrong('a currency that is none', '/currency', 'EURO'),
    wrong('no postcode', '/shippingAddress/postalCode', ''),
    wrong('a NUL', '/channel', 'a\u0000b'),
    wrong('a NUL in a remark', '/metadata', { a: '\u0000' }),
    wrong('a time in the year 0', '/placedAt', '0000-01-01T00:00:00Z'),
    wrong('a price below zero', '/lines/0/unitPrice', -1),
    wrong('an SKU that nobody knows', '/lines/0/sku', 'NO-SUCH-SKU', 'UNKNOWN_SKU'),
    wrong('a total that is one off', '/totals/grandTotal', 1, 'TOTALS_MISMATCH'),
    { name: 'no document', order: undefined, pointer: '/channel', reason: 'INVALID_REQUEST' },
  ];
};
