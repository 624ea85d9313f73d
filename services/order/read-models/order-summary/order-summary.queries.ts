import type { DataSource } from 'typeorm';
import { OrderSummaryRow } from './order-summary.row.js';

/** What a list may be narrowed to. */
export type OrderFilter = {
  readonly status?: string;
  readonly channel?: string;
  readonly externalReference?: string;
  readonly createdBefore?: string;
  readonly createdAfter?: string;
  readonly overdue?: boolean;
};

/** An order in a list. */
export type OrderSummary = {
  readonly id: string;
  readonly status: string;
  readonly version: number;
  readonly channel: string;
  readonly externalReference: string;
  readonly number?: string;
  readonly currency: string;
  readonly grandTotal: number;
  readonly units: number;
  readonly backorderedQuantity: number;
  readonly paymentStatus: string;
  readonly holdReasons: readonly string[];
  readonly countryCode: string;
  readonly hasOpenCancellation: boolean;
  readonly dueAt?: string;
  readonly reviewAt?: string;
  readonly placedAt: string;
  readonly createdAt: string;
  readonly updatedAt: string;
};

/** Questions to the list of orders. */
export type OrderSummaryQueries = {
  /** The newest first, after a place (createdAt, id) in that order. */
  list(tenantId: string, filter: OrderFilter, limit: number, after: readonly (string | number)[] | undefined): Promise<readonly OrderSummary[]>;
  /** Orders of all tenants that are on hold for a reason, by id, behind `after`. */
  onHoldFor(reason: string, after: string | undefined, limit: number): Promise<readonly { readonly id: string; readonly tenantId: string }[]>;
};

// The pool's parser makes them RFC 3339 texts, TypeORM makes them dates again.
const instant = (value: unknown): string => (value instanceof Date ? value.toISOString() : String(value));

const summaryOf = (row: OrderSummaryRow): OrderSummary => ({
  id: row.orderId,
  status: row.status,
  version: row.version,
  channel: row.channel,
  externalReference: row.externalReference,
  ...(row.number === '' ? {} : { number: row.number }),
  currency: row.currency,
  grandTotal: Number(row.grandTotal),
  units: row.units,
  backorderedQuantity: row.backorderedUnits,
  paymentStatus: row.paymentStatus,
  holdReasons: row.holdReasons === '' ? [] : row.holdReasons.split(','),
  countryCode: row.countryCode,
  hasOpenCancellation: row.hasOpenCancellation,
  ...(row.dueAt === null ? {} : { dueAt: instant(row.dueAt) }),
  ...(row.reviewAt === null ? {} : { reviewAt: instant(row.reviewAt) }),
  placedAt: instant(row.placedAt),
  createdAt: instant(row.createdAt),
  updatedAt: instant(row.updatedAt),
});

/** Makes the questions. */
export const orderSummaryQueries = (source: DataSource): OrderSummaryQueries => ({
  list: async (tenantId, filter, limit, after) => {
    const query = source.getRepository(OrderSummaryRow).createQueryBuilder('o').where('o.tenantId = :tenantId', { tenantId });
    if (filter.status !== undefined) query.andWhere('o.status = :status', { status: filter.status });
    if (filter.channel !== undefined) query.andWhere('o.channel = :channel', { channel: filter.channel });
    if (filter.externalReference !== undefined) query.andWhere('o.externalReference = :reference', { reference: filter.externalReference });
    if (filter.createdBefore !== undefined) query.andWhere('o.createdAt < :before', { before: filter.createdBefore });
    if (filter.createdAfter !== undefined) query.andWhere('o.createdAt >= :since', { since: filter.createdAfter });
    if (filter.overdue === true) query.andWhere('o.dueAt < now()');
    if (filter.overdue === false) query.andWhere('(o.dueAt is null or o.dueAt >= now())');
    if (after !== undefined) query.andWhere('(o.createdAt, o.orderId) < (:createdAt, :orderId)', { createdAt: after[0], orderId: after[1] });
    const rows = await query.orderBy('o.createdAt', 'DESC').addOrderBy('o.orderId', 'DESC').limit(limit).getMany();
    return rows.map(summaryOf);
  },
  onHoldFor: async (reason, after, limit) => {
    const query = source
      .getRepository(OrderSummaryRow)
      .createQueryBuilder('o')
      .select(['o.orderId', 'o.tenantId'])
      // An order on hold is in that status and no other; the index on it keeps this off the many that are not.
      .where(`o.status = 'on_hold' and :reason = any(string_to_array(o.holdReasons, ','))`, { reason });
    if (after !== undefined) query.andWhere('o.orderId > :after', { after });
    const rows = await query.orderBy('o.orderId').limit(limit).getMany();
    return rows.map(({ orderId, tenantId }) => ({ id: orderId, tenantId }));
  },
});
