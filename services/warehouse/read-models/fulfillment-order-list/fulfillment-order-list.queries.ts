import { decodeCursor, pageOf, pageSize, type Page } from '@orderlog/edge';
import { MoreThan, type DataSource } from 'typeorm';
import { FulfillmentOrderListRow } from './fulfillment-order-list.row.js';

/** What a center may ask for. */
export type FulfillmentOrdersWanted = {
  readonly centerId: string;
  readonly status?: string;
  readonly requestStatus?: string;
  readonly overdue?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
};

/** Questions about the list. */
export type FulfillmentOrderList = { readonly page: (wanted: FulfillmentOrdersWanted) => Promise<Page<object>> };

const item = ({ fulfillmentOrderId, isOverdue, ...row }: FulfillmentOrderListRow): object => ({ id: fulfillmentOrderId, ...row, overdue: isOverdue });

/** The list in a data source. Ids begin with the order's time, so their order is the order of placing. */
export const fulfillmentOrderListQueries = (source: DataSource): FulfillmentOrderList => ({
  page: async ({ centerId, status, requestStatus, overdue, limit = pageSize.default, cursor }) => {
    const place = decodeCursor(cursor, 'text');
    const rows = await source.getRepository(FulfillmentOrderListRow).find({
      where: {
        centerId,
        ...(status === undefined ? {} : { status }),
        ...(requestStatus === undefined ? {} : { requestStatus }),
        ...(overdue === undefined ? {} : { isOverdue: overdue }),
        ...(place === undefined ? {} : { fulfillmentOrderId: MoreThan(String(place[0])) }),
      },
      order: { fulfillmentOrderId: 'ASC' },
      take: limit + 1,
    });
    return pageOf(rows, limit, item, ({ fulfillmentOrderId }) => [fulfillmentOrderId]);
  },
});
