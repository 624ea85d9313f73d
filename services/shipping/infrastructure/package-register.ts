import type { SqlExecutor } from '@orderlog/event-log';
import type { PackageOwner, PackageRegister } from '../application/ports.js';

const enterPackages = `
  insert into packages (package_id, fulfillment_order_id, order_id, tenant_id)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
  on conflict (package_id) do nothing`;

// A number twice in one call would make the statement fail: the later one counts.
const enterLabels = `
  insert into labels (carrier, tracking_number, package_id)
  select distinct on (carrier, tracking_number) carrier, tracking_number, package_id
  from unnest($1::text[], $2::text[], $3::text[]) with ordinality as label (carrier, tracking_number, package_id, n)
  order by carrier, tracking_number, n desc
  on conflict (carrier, tracking_number) do update set package_id = excluded.package_id`;

const owner = 'package_id as "packageId", fulfillment_order_id as "fulfillmentOrderId", order_id as "orderId", tenant_id as "tenantId"';
const ofOrders = 'select distinct order_id as "orderId", fulfillment_order_id as "fulfillmentOrderId" from packages where order_id = any($1::text[])';
const ofPackages = `select ${owner} from packages where package_id = any($1::text[])`;
const tenantOf = 'select tenant_id as "tenantId" from packages where fulfillment_order_id = $1 limit 1';
const ofNumbers = `
  select label.carrier, label.tracking_number as "trackingNumber", ${owner.replaceAll(/(\w+) as/g, 'packages.$1 as')}
  from unnest($1::text[], $2::text[]) as asked (carrier, tracking_number)
  join labels label on label.carrier = asked.carrier and label.tracking_number = asked.tracking_number
  join packages on packages.package_id = label.package_id`;

/** The register in the service's schema. Statements inside a transaction of the log run there, the others on the pool. */
export const packageRegister = (sql: SqlExecutor): PackageRegister => ({
  enter: async (tx, packages) => {
    await tx.query(enterPackages, [
      packages.map(({ packageId }) => packageId),
      packages.map(({ fulfillmentOrderId }) => fulfillmentOrderId),
      packages.map(({ orderId }) => orderId),
      packages.map(({ tenantId }) => tenantId),
    ]);
  },
  enterLabels: async (tx, labels) => {
    await tx.query(enterLabels, [
      labels.map(({ carrier }) => carrier),
      labels.map(({ trackingNumber }) => trackingNumber),
      labels.map(({ packageId }) => packageId),
    ]);
  },
  fulfillmentOrdersOf: async (tx, orderIds) => {
    const { rows } = await tx.query<{ orderId: string; fulfillmentOrderId: string }>(ofOrders, [orderIds]);
    const found = new Map<string, string[]>();
    for (const { orderId, fulfillmentOrderId } of rows) found.set(orderId, [...(found.get(orderId) ?? []), fulfillmentOrderId]);
    return found;
  },
  owners: async (packageIds) => {
    const { rows } = await sql.query<PackageOwner>(ofPackages, [packageIds]);
    return new Map(rows.map((row) => [row.packageId, row]));
  },
  tenantOf: async (fulfillmentOrderId) => (await sql.query<{ tenantId: string }>(tenantOf, [fulfillmentOrderId])).rows[0]?.tenantId,
  byTrackingNumber: async (numbers) => {
    if (numbers.length === 0) return new Map();
    const { rows } = await sql.query<PackageOwner & { carrier: string; trackingNumber: string }>(ofNumbers, [
      numbers.map(({ carrier }) => carrier),
      numbers.map(({ trackingNumber }) => trackingNumber),
    ]);
    return new Map(rows.map(({ carrier, trackingNumber, ...found }) => [`${carrier}/${trackingNumber}`, found]));
  },
});
