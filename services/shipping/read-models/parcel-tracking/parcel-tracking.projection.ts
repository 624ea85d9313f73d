import type { RecordedEvent } from '@orderlog/contracts';
import type { SqlExecutor } from '@orderlog/event-log';
import { projection } from '@orderlog/projections';
import type { ShipmentEvent, ShipmentEventOf } from '@orderlog/shipping-domain';
import { foldPackage, type TrackedPackageRow } from './tracked-package.js';

const types = [
  'LabelPurchaseRequested',
  'LabelPurchased',
  'LabelFailed',
  'LabelVoided',
  'ShipmentAddressChanged',
  'ShipmentHandedOver',
  'TrackingScanRecorded',
  'PackageDelivered',
  'PackageReturnedToSender',
  'PackageLost',
  'ShipmentCancelled',
] as const satisfies readonly ShipmentEvent['type'][];

const readPackages = `select row_to_json(tracked_packages_v1) as row from tracked_packages_v1 where package_id = any($1::text[]) or fulfillment_order_id = any($2::text[])`;

// Whole rows as JSON: one parameter instead of thirty arrays, and the fold stays a plain function.
const writePackages = `
  insert into tracked_packages_v1 select * from json_populate_recordset(null::tracked_packages_v1, $1)
  on conflict (package_id) do update set
    (tenant_id, order_id, fulfillment_order_id, center_id, tracking_token, status, lines, weight_grams, service_level, destination_country_code,
     destination_postal_code, destination_city, carrier, tracking_number, tracking_url, shipment_id, planned_delivery, expected_delivery,
     expected_delivery_from, expected_delivery_until, packed_at, handed_over_at, ended_at) =
    (excluded.tenant_id, excluded.order_id, excluded.fulfillment_order_id, excluded.center_id, excluded.tracking_token, excluded.status, excluded.lines,
     excluded.weight_grams, excluded.service_level, excluded.destination_country_code, excluded.destination_postal_code, excluded.destination_city,
     excluded.carrier, excluded.tracking_number, excluded.tracking_url, excluded.shipment_id, excluded.planned_delivery, excluded.expected_delivery,
     excluded.expected_delivery_from, excluded.expected_delivery_until, excluded.packed_at, excluded.handed_over_at, excluded.ended_at)`;

const writeScans = `
  insert into tracked_scans_v1 (package_id, scan_id, status, carrier_text, scanned_at, city, country_code, utc_offset_minutes)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::int[])
  on conflict (package_id, scan_id) do nothing`;

const packageIdsOf = ({ type, data }: ShipmentEvent): readonly string[] => {
  if (type === 'ShipmentHandedOver') return data.packages.map(({ packageId }) => packageId);
  return 'packageId' in data ? [data.packageId] : [];
};

const applyPackages = async (events: readonly RecordedEvent<ShipmentEvent>[], sql: SqlExecutor): Promise<void> => {
  const packageIds = [...new Set(events.flatMap(packageIdsOf))];
  // An address change names no packages: it is about all of its fulfillment order that have not left.
  const fulfillmentOrderIds = events.flatMap(({ type, data }) => (type === 'ShipmentAddressChanged' ? [data.fulfillmentOrderId] : []));
  const { rows } = await sql.query<{ row: TrackedPackageRow }>(readPackages, [packageIds, fulfillmentOrderIds]);
  const before = new Map(rows.map(({ row }) => [row.package_id, row]));
  const after = new Map(before);
  for (const event of events) foldPackage(after, event);
  const changed = [...after.values()].filter((row) => before.get(row.package_id) !== row);
  if (changed.length > 0) await sql.query(writePackages, [JSON.stringify(changed)]);
};

const applyScans = async (scans: readonly ShipmentEventOf<'TrackingScanRecorded'>['data'][], sql: SqlExecutor): Promise<void> => {
  await sql.query(writeScans, [
    scans.map(({ packageId }) => packageId),
    scans.map(({ scanId }) => scanId),
    scans.map(({ status }) => status),
    scans.map(({ carrierText }) => carrierText),
    scans.map(({ scannedAt }) => scannedAt),
    scans.map(({ city }) => city),
    scans.map(({ countryCode }) => countryCode),
    scans.map(({ utcOffsetMinutes }) => utcOffsetMinutes),
  ]);
};

/** Every package of every order, for the tracking page, the tracking API and the dock. */
export const parcelTracking = projection<ShipmentEvent>({
  name: 'parcel-tracking',
  version: 1,
  tables: ['tracked_packages_v1', 'tracked_scans_v1'],
  types,
  apply: async (events, sql) => {
    const scans = events.flatMap(({ type, data }) => (type === 'TrackingScanRecorded' ? [data] : []));
    const others = events.filter(({ type }) => type !== 'TrackingScanRecorded');
    if (others.length > 0) await applyPackages(others, sql);
    if (scans.length > 0) await applyScans(scans, sql);
  },
});
