import type { SqlExecutor } from '@orderlog/event-log';

/** A postal address as the customer gave it. */
export type PostalAddress = {
  readonly name: string;
  readonly company: string;
  readonly line1: string;
  readonly line2: string;
  readonly city: string;
  readonly region: string;
  readonly postalCode: string;
  readonly countryCode: string;
  readonly phone: string;
};

/** What an order knows of a person; kept outside the log. */
export type PersonalData = {
  readonly customer: { readonly name: string; readonly email: string; readonly phone: string };
  readonly shippingAddress: PostalAddress;
  readonly billingAddress?: PostalAddress;
  readonly instructions: string;
  readonly giftMessage: string;
  readonly taxId: string;
  /** By line id. */
  readonly giftMessages: Readonly<Record<string, string>>;
};

const readSql = `select p.order_id, p.data from unnest($1::uuid[], $2::integer[]) as wanted (order_id, version)
join personal_data p on p.order_id = wanted.order_id and p.version = wanted.version and p.kind = 'order'`;

/** The personal data of orders as it stood at a version each, by order id; missing where it was erased. */
export const readPersonalDataOf = async (
  sql: SqlExecutor,
  orders: readonly { readonly orderId: string; readonly version: number }[],
): Promise<ReadonlyMap<string, PersonalData>> => {
  const { rows } = await sql.query<{ order_id: string; data: string }>(readSql, [orders.map(({ orderId }) => orderId), orders.map(({ version }) => version)]);
  return new Map(rows.map(({ order_id: orderId, data }) => [orderId, JSON.parse(data) as PersonalData]));
};

/** The same of one order; undefined when it was erased. */
export const readPersonalData = async (sql: SqlExecutor, orderId: string, version: number): Promise<PersonalData | undefined> =>
  (await readPersonalDataOf(sql, [{ orderId, version }])).get(orderId);

/** The version the next row of an order gets. The caller holds the order's stream, so nobody else takes it. */
const insertSql = `insert into personal_data (order_id, version, kind, data)
select $1, coalesce(max(version), 0) + 1, $2, $3 from personal_data where order_id = $1
returning version`;

/** Adds a version; answers its number. */
export const addPersonalData = async (sql: SqlExecutor, orderId: string, kind: 'order' | 'feedback', data: object): Promise<number> => {
  const { rows } = await sql.query<{ version: number }>(insertSql, [orderId, kind, JSON.stringify(data)]);
  return rows[0]?.version ?? 0;
};
