import type { TrackedParcel } from '../../read-models/parcel-tracking/parcel-tracking.queries.js';
import type { TrackedScan } from '../../read-models/parcel-tracking/tracked-package.row.js';
import { escapeHtml as esc, pageOf } from './tracking-layout.js';

/** Steps a customer follows; a package that ends otherwise leaves the row after the last step it reached. */
const steps = ['Packed', 'Label ready', 'With the carrier', 'Out for delivery', 'Delivered'] as const;

const scanWords: Readonly<Record<string, string>> = {
  pre_transit: 'Announced to the carrier',
  in_transit: 'On its way',
  out_for_delivery: 'Out for delivery',
  available_for_pickup: 'Ready to be picked up',
  delivered: 'Delivered',
  return_to_sender: 'Going back to the sender',
  failure: 'Delivery attempt failed',
  lost: 'Lost',
  unknown: 'News from the carrier',
};

const statusWords: Readonly<Record<string, string>> = {
  label_requested: 'Packed',
  label_failed: 'Packed, waiting for a carrier',
  labeled: 'Packed and labeled',
  handed_over: 'With the carrier',
  delivered: 'Delivered',
  returned_to_sender: 'Returned to the sender',
  lost: 'Lost by the carrier',
  cancelled: 'Cancelled',
};

const ended: ReadonlySet<string> = new Set(['delivered', 'returned_to_sender', 'lost', 'cancelled']);
const troubled: ReadonlySet<string> = new Set(['returned_to_sender', 'lost', 'cancelled']);

/** The scan that says most: the newest by the carrier's clock, whenever it was told. */
const newestOf = ({ scans }: TrackedParcel): TrackedScan | undefined => scans[0];

/** What is said of a package: the business status, and between hand-over and its end the carrier's newest scan. */
const headlineOf = (parcel: TrackedParcel): string => {
  const { status } = parcel.box;
  const scan = newestOf(parcel);
  return (status === 'handed_over' && scan !== undefined ? scanWords[scan.status] : statusWords[status]) ?? 'On its way';
};

const stepOf = (parcel: TrackedParcel): number => {
  const { status } = parcel.box;
  if (status === 'delivered') return 4;
  if (parcel.scans.some((scan) => scan.status === 'out_for_delivery')) return 3;
  if (parcel.box.handedOverAt !== null) return 2;
  return status === 'labeled' ? 1 : 0;
};

const dayFormat = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' });
const timeFormat = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });

const zoneOf = (utcOffsetMinutes: number): string => {
  const size = Math.abs(utcOffsetMinutes);
  const minutes = size % 60 === 0 ? '' : `:${String(size % 60).padStart(2, '0')}`;
  return utcOffsetMinutes === 0 ? 'UTC' : `UTC${utcOffsetMinutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${minutes}`;
};

/** Local time of the place of the scan, with its zone: readers may be elsewhere. */
const scanTime = ({ scannedAt, utcOffsetMinutes }: TrackedScan): string => {
  const local = new Date(Date.parse(scannedAt) + utcOffsetMinutes * 60_000);
  return `<time datetime="${esc(scannedAt)}">${timeFormat.format(local)} (${zoneOf(utcOffsetMinutes)})</time>`;
};

const dayOf = (instant: string, utcOffsetMinutes = 0): string | undefined =>
  instant === '' || Number.isNaN(Date.parse(instant)) ? undefined : dayFormat.format(new Date(Date.parse(instant) + utcOffsetMinutes * 60_000));

const expectation = (parcel: TrackedParcel): string => {
  const { box } = parcel;
  const on = box.endedAt === null ? undefined : dayOf(box.endedAt, newestOf(parcel)?.utcOffsetMinutes);
  if (ended.has(box.status)) return on === undefined ? '' : `<p class="eta">${esc(statusWords[box.status] ?? '')} on <strong>${on}</strong></p>`;
  const from = dayOf(box.expectedDeliveryFrom);
  const until = dayOf(box.expectedDeliveryUntil);
  if (from !== undefined && until !== undefined && from !== until) return `<p class="eta">Expected between <strong>${from}</strong> and <strong>${until}</strong></p>`;
  const day = until ?? dayOf(box.expectedDelivery) ?? dayOf(box.plannedDelivery);
  return day === undefined ? '' : `<p class="eta">Expected on <strong>${day}</strong></p>`;
};

const progress = (parcel: TrackedParcel): string => {
  const reached = stepOf(parcel);
  const isTroubled = troubled.has(parcel.box.status);
  const items = steps.map((step, n) => {
    const state = n < reached || (n === reached && parcel.box.status === 'delivered') ? 'done' : n === reached && !isTroubled ? 'now' : n <= reached ? 'done' : 'ahead';
    const spoken = state === 'done' ? 'done' : state === 'now' ? 'now' : 'not yet';
    return `<li class="${state}"${state === 'now' ? ' aria-current="step"' : ''}><span class="dot" aria-hidden="true"></span>${step}<span class="hidden"> (${spoken})</span></li>`;
  });
  return `<ol class="steps" aria-label="Progress">${items.join('')}</ol>`;
};

const placeOf = ({ city, countryCode }: { readonly city: string; readonly countryCode: string }): string =>
  esc([city, countryCode].filter((part) => part !== '').join(', '));

const scanItem = (scan: TrackedScan): string => {
  const place = placeOf(scan);
  const words = scanWords[scan.status] ?? 'News from the carrier';
  // The carrier's own words beside ours, unless they say the same.
  const told = scan.carrierText === '' || scan.carrierText === words ? '' : `<div class="told">${esc(scan.carrierText)}</div>`;
  return `<li><div class="what">${esc(words)}</div>${told}
<div class="when">${scanTime(scan)}${place === '' ? '' : ` · ${place}`}</div></li>`;
};

const history = ({ scans }: TrackedParcel): string => {
  const [newest, ...older] = scans;
  if (newest === undefined) return '<p class="quiet">The carrier has not scanned this parcel yet.</p>';
  const rest = older.length === 0 ? '' : `<details><summary>Earlier news (${older.length})</summary><ol class="scans">${older.map(scanItem).join('')}</ol></details>`;
  return `<ol class="scans newest">${scanItem(newest)}</ol>${rest}`;
};

const contents = ({ box }: TrackedParcel, nameOf: (sku: string) => string | undefined): string => {
  const items = box.lines.map(({ sku, quantity }) => {
    const name = nameOf(sku);
    return `<li><span class="count">${quantity} ×</span> <span>${esc(name === undefined || name === '' ? sku : name)}${name === undefined || name === '' ? '' : ` <span class="sku">${esc(sku)}</span>`}</span></li>`;
  });
  return `<ul class="contents">${items.join('')}</ul>`;
};

const carrierLine = ({ box }: TrackedParcel): string =>
  box.trackingNumber === '' ? '' : `<p class="quiet">${esc(box.carrier)} · tracking number <span class="number">${esc(box.trackingNumber)}</span></p>`;

const card = (parcel: TrackedParcel, n: number, count: number, nameOf: (sku: string) => string | undefined): string => {
  const tone = parcel.box.status === 'delivered' ? 'good' : troubled.has(parcel.box.status) ? 'bad' : 'plain';
  return `<section class="card" aria-labelledby="parcel-${n}">
<p class="which">${count === 1 ? 'Your parcel' : `Parcel ${n} of ${count}`}</p>
<h2 id="parcel-${n}" class="${tone}">${esc(headlineOf(parcel))}</h2>
${expectation(parcel)}
${progress(parcel)}
<h3>Latest news</h3>
${history(parcel)}
<h3>In this parcel</h3>
${contents(parcel, nameOf)}
${carrierLine(parcel)}
</section>`;
};

const summaryOf = (parcels: readonly TrackedParcel[]): string => {
  const live = parcels.filter(({ box }) => box.status !== 'cancelled');
  const delivered = live.filter(({ box }) => box.status === 'delivered').length;
  if (live.length <= 1) return '';
  const arrived = delivered === 0 ? 'None has arrived yet' : delivered === live.length ? 'All have arrived' : `Arrived so far: ${delivered} of ${live.length}`;
  return `<p class="lead">Your order comes in ${live.length} parcels, so they may arrive on different days. ${arrived}.</p>`;
};

/** The page of one order: every parcel with its contents, last scan and expected days. Nothing personal but the city. */
export const trackingPage = (parcels: readonly TrackedParcel[], nameOf: (sku: string) => string | undefined): string => {
  const [first] = parcels;
  const goal = first === undefined ? '' : placeOf({ city: first.box.destinationCity, countryCode: first.box.destinationCountryCode });
  const title = goal === '' ? 'Your order' : `Your order to ${goal}`;
  const cards = parcels.map((parcel, n) => card(parcel, n + 1, parcels.length, nameOf));
  return pageOf('Track your order', `<h1>${title}</h1>${summaryOf(parcels)}<div class="cards${parcels.length > 1 ? ' several' : ''}">${cards.join('\n')}</div>`);
};

/** What a link without parcels shows: a new order has none yet, a wrong link never will. */
export const noParcelPage = (): string =>
  pageOf(
    'Nothing to track yet',
    `<h1>Nothing to track yet</h1><section class="card"><p>No parcel is known by this link.</p>
<p>If you ordered a short while ago, your parcel shows up here as soon as it is packed. Otherwise please check that the link in your e-mail is complete.</p></section>`,
  );
