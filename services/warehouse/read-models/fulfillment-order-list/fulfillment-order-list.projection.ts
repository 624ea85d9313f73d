import type { RecordedEvent } from '@orderlog/contracts';
import type { SqlExecutor } from '@orderlog/event-log';
import { projection } from '@orderlog/projections';
import { workStatusOf, type FulfillmentOrderEvent, type RequestStatus, type Units } from '@orderlog/warehouse-domain';

/** The table's columns in their order, with their types for `unnest`. */
const columns = {
  fulfillment_order_id: 'text',
  order_id: 'text',
  center_id: 'text',
  center_kind: 'text',
  attempt: 'int',
  status: 'text',
  request_status: 'text',
  is_overdue: 'bool',
  ship_by: 'text',
  answer_by: 'text',
  service_level: 'text',
  pick_list_id: 'text',
  requested: 'int',
  packed: 'int',
  shorted: 'int',
  cancelled: 'int',
  rejected: 'int',
  pending: 'int',
  packages: 'int',
  is_accepted: 'bool',
  is_picked: 'bool',
  is_closed: 'bool',
  requested_at: 'timestamptz',
  updated_at: 'timestamptz',
} as const;

type Row = {
  fulfillment_order_id: string;
  order_id: string;
  center_id: string;
  center_kind: string;
  attempt: number;
  status: string;
  request_status: string;
  is_overdue: boolean;
  ship_by: string;
  answer_by: string;
  service_level: string;
  pick_list_id: string;
  requested: number;
  packed: number;
  shorted: number;
  cancelled: number;
  rejected: number;
  pending: number;
  packages: number;
  is_accepted: boolean;
  is_picked: boolean;
  is_closed: boolean;
  requested_at: string;
  updated_at: string;
};

/** The events that change the list. */
export type Listed = Extract<FulfillmentOrderEvent, { type: (typeof listed)[number] }>;

/** Scans and sortings change nothing in a list. */
const listed = [
  'FulfillmentOrderRequested',
  'FulfillmentOrderAccepted',
  'FulfillmentOrderRejected',
  'FulfillmentOrderOverdue',
  'PickTaskPlanned',
  'PickShorted',
  'FulfillmentOrderPicked',
  'PackageClosed',
  'FulfillmentOrderClosed',
  'FulfillmentOrderCancellationRequested',
  'FulfillmentOrderCancelled',
  'FulfillmentOrderCancellationRefused',
] as const;

const sum = (units: readonly Units[]): number => units.reduce((total, { quantity }) => total + quantity, 0);

const first = ({ data, recordedAt }: RecordedEvent<Extract<Listed, { type: 'FulfillmentOrderRequested' }>>): Row => ({
  fulfillment_order_id: data.fulfillmentOrderId,
  order_id: data.orderId,
  center_id: data.centerId,
  center_kind: data.centerKind,
  attempt: data.attempt,
  status: 'open',
  request_status: 'submitted',
  is_overdue: false,
  ship_by: data.shipBy,
  answer_by: data.answerBy,
  service_level: data.serviceLevel,
  pick_list_id: '',
  requested: sum(data.lines),
  packed: 0,
  shorted: 0,
  cancelled: 0,
  rejected: 0,
  pending: 0,
  packages: 0,
  is_accepted: false,
  is_picked: false,
  is_closed: false,
  requested_at: recordedAt,
  updated_at: recordedAt,
});

/** What an event changes; the derived columns follow. */
const change = (row: Row, { type, data }: Exclude<Listed, { type: 'FulfillmentOrderRequested' }>): void => {
  switch (type) {
    case 'FulfillmentOrderAccepted':
      row.is_accepted = true;
      row.is_overdue = false;
      return;
    case 'FulfillmentOrderRejected':
      row.rejected += sum(data.lines);
      row.is_overdue = false;
      return;
    case 'FulfillmentOrderOverdue':
      row.is_overdue = true;
      return;
    case 'PickTaskPlanned':
      row.pick_list_id = data.pickListId;
      return;
    case 'PickShorted':
      row.shorted += data.quantity;
      return;
    case 'FulfillmentOrderPicked':
      row.is_picked = true;
      return;
    case 'PackageClosed':
      row.packed += sum(data.lines);
      row.packages += 1;
      return;
    case 'FulfillmentOrderClosed':
      row.is_closed = true;
      return;
    case 'FulfillmentOrderCancellationRequested':
      row.pending += sum(data.lines);
      return;
    case 'FulfillmentOrderCancelled':
      row.cancelled += sum(data.lines);
      row.pending -= sum(data.lines);
      row.is_overdue = row.is_overdue && !row.is_accepted;
      return;
    case 'FulfillmentOrderCancellationRefused':
      row.pending -= sum(data.shares);
      row.is_overdue = row.is_overdue && !row.is_accepted;
      return;
  }
};

const requestStatus = ({ pending, rejected, is_accepted }: Row): RequestStatus => {
  if (pending > 0) return 'cancellation_requested';
  if (rejected > 0) return 'rejected';
  return is_accepted ? 'accepted' : 'submitted';
};

const read = `select ${Object.keys(columns).join(', ')} from fulfillment_order_list_v1 where fulfillment_order_id = any($1)`;
const write = `
  insert into fulfillment_order_list_v1 (${Object.keys(columns).join(', ')})
  select * from unnest(${Object.values(columns)
    .map((type, n) => `$${n + 1}::${type}[]`)
    .join(', ')})
  on conflict (fulfillment_order_id) do update set
    ${['status', 'request_status', 'is_overdue', 'pick_list_id', 'packed', 'shorted', 'cancelled', 'rejected', 'pending', 'packages', 'is_accepted', 'is_picked', 'is_closed', 'updated_at']
      .map((column) => `${column} = excluded.${column}`)
      .join(', ')}`;

const apply = async (events: readonly RecordedEvent<Listed>[], sql: SqlExecutor): Promise<void> => {
  const begun = new Set(events.filter(({ type }) => type === 'FulfillmentOrderRequested').map(({ data }) => data.fulfillmentOrderId));
  const known = [...new Set(events.map(({ data }) => data.fulfillmentOrderId))].filter((id) => !begun.has(id));
  const { rows: before } = known.length === 0 ? { rows: [] } : await sql.query<Row>(read, [known]);
  const rows = new Map(before.map((row) => [row.fulfillment_order_id, row]));
  for (const event of events) {
    if (event.type === 'FulfillmentOrderRequested') rows.set(event.data.fulfillmentOrderId, first(event));
    else {
      const row = rows.get(event.data.fulfillmentOrderId);
      if (row === undefined) throw new Error(`${event.type} of ${event.data.fulfillmentOrderId}, which was never requested`);
      change(row, event);
      row.request_status = requestStatus(row);
      row.updated_at = event.recordedAt;
      row.status = workStatusOf({
        requested: row.requested,
        shorted: row.shorted,
        cancelled: row.cancelled,
        rejected: row.rejected,
        isPlanned: row.pick_list_id !== '',
        isPicked: row.is_picked,
        isClosed: row.is_closed,
      });
    }
  }
  const written = [...rows.values()];
  await sql.query(write, (Object.keys(columns) as (keyof Row)[]).map((column) => written.map((row) => row[column])));
};

/** Feeds the list of fulfillment orders. */
export const fulfillmentOrderList = projection<Listed>({
  name: 'fulfillment-order-list',
  version: 1,
  tables: ['fulfillment_order_list_v1'],
  types: listed,
  apply,
});
