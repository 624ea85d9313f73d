/** One thing that must be true of the stored facts: SQL that answers a row for each violation, at most 20. */
export type Check = {
  readonly id: string;
  readonly what: string;
  /** The number of the promise in the design it belongs to. */
  readonly promise: number;
  /** Answers violations; every row has `where` and `why`. `$schema` is the service's schema. */
  readonly sql: string;
  /** Answers one row `{n}`: how many things were looked at, so that "nothing found" is told from "nothing there". */
  readonly counted: string;
};

/** Units of a fulfillment order that its events of one type are about. */
const units = (type: string): string => `coalesce((s->>'${type}')::int, 0)`;

/** What every service's log must satisfy. */
export const logChecks: readonly Check[] = [
  {
    id: 'streams-without-holes',
    what: 'every stream has versions 1..n, and its row says n',
    promise: 3,
    sql: `
      with found as (select stream_id, count(*) as events, min(version) as first, max(version) as last from event_log group by stream_id)
      select coalesce(f.stream_id, s.stream_id) as "where",
             format('events %s, versions %s..%s, stream row says %s', f.events, f.first, f.last, s.version) as why
      from found f full join (select * from streams where version > 0) s using (stream_id)
      where f.stream_id is null or s.stream_id is null or f.first <> 1 or f.last <> f.events or s.version <> f.last
      limit 20`,
    counted: 'select count(*)::int as n from streams',
  },
  {
    id: 'shards-contiguous',
    what: 'every shard has sequence numbers 1..n, and its head says n',
    promise: 3,
    sql: `
      with found as (select shard, count(*) as events, min(seq) as first, max(seq) as last from event_log group by shard)
      select format('shard %s', h.shard) as "where", format('events %s, sequences %s..%s, head says %s', f.events, f.first, f.last, h.seq) as why
      from shard_head h left join found f using (shard)
      where coalesce(f.events, 0) <> h.seq or (f.events is not null and (f.first <> 1 or f.last <> h.seq))
      limit 20`,
    counted: 'select count(*)::int as n from event_log',
  },
  {
    id: 'published-not-ahead',
    what: 'the topic was not given more of a shard than the log has',
    promise: 3,
    sql: `
      select format('shard %s', c.shard) as "where", format('published up to %s, the head is at %s', c.seq, h.seq) as why
      from relay_cursor c join shard_head h using (shard) where c.seq > h.seq limit 20`,
    counted: 'select count(*)::int as n from relay_cursor',
  },
  {
    id: 'nothing-parked',
    what: 'no stream is parked',
    promise: 1,
    sql: `select stream_id as "where", left(error, 200) as why from parked_stream limit 20`,
    counted: 'select count(*)::int as n from parked_stream',
  },
  {
    id: 'nothing-quarantined',
    what: 'no message of a foreign log was met that nobody has cleared',
    promise: 3,
    sql: `select format('%s-%s@%s', topic, partition, message_offset) as "where", left(reason, 200) as why from quarantined_message where cleared_at is null limit 20`,
    counted: 'select count(*)::int as n from quarantined_message where cleared_at is null',
  },
];

/** What each service's own facts must satisfy beside that. */
export const serviceChecks: Readonly<Record<string, readonly Check[]>> = {
  order: [
    {
      id: 'orders-placed-once',
      what: 'every order stream begins with OrderPlaced and has no second one',
      promise: 1,
      sql: `
        select stream_id as "where", format('%s OrderPlaced, first event %s', count(*) filter (where type = 'OrderPlaced'), min(type) filter (where version = 1)) as why
        from event_log where stream_id like 'order-%' group by stream_id
        having count(*) filter (where type = 'OrderPlaced') <> 1 or min(type) filter (where version = 1) <> 'OrderPlaced' limit 20`,
      counted: `select count(*)::int as n from event_log where type = 'OrderPlaced'`,
    },
    {
      id: 'one-reference-one-order',
      what: 'one external reference, one order',
      promise: 2,
      sql: `
        select format('%s/%s', data->>'channel', data->>'externalReference') as "where", format('%s orders', count(*)) as why
        from event_log_json where type = 'OrderPlaced' group by meta->>'tenantId', data->>'channel', data->>'externalReference' having count(*) > 1 limit 20`,
      counted: `select count(*)::int as n from external_references`,
    },
    {
      id: 'units-sum-to-ordered',
      what: 'no line ships, delivers or cancels more units than were ordered',
      promise: 4,
      sql: `
        with ordered as (
          select e.stream_id, l->>'lineId' as line_id, (l->>'quantity')::int as quantity
          from event_log_json e cross join lateral json_array_elements(e.data->'lines') l where e.type = 'OrderPlaced'),
        cancelled as (
          select e.stream_id, l->>'lineId' as line_id, sum((l->>'quantity')::int) as quantity
          from event_log_json e cross join lateral json_array_elements(e.data->'units') l where e.type = 'OrderLinesCancelled' group by 1, 2),
        delivered as (
          select e.stream_id, l->>'lineId' as line_id, sum((l->>'quantity')::int) as quantity
          from event_log_json e cross join lateral json_array_elements(e.data->'lines') l where e.type = 'OrderPackageDelivered' group by 1, 2)
        select format('%s line %s', o.stream_id, o.line_id) as "where", format('ordered %s, cancelled %s, delivered %s', o.quantity, c.quantity, d.quantity) as why
        from ordered o left join cancelled c using (stream_id, line_id) left join delivered d using (stream_id, line_id)
        where coalesce(c.quantity, 0) + coalesce(d.quantity, 0) > o.quantity limit 20`,
      counted: `select count(*)::int as n from event_log where type = 'OrderPlaced'`,
    },
    {
      id: 'captures-sum-to-order',
      what: 'when every unit was shipped and none cancelled, the amounts to capture sum to the order',
      promise: 4,
      sql: `
        with captured as (
          select stream_id, sum((data->>'captureAmount')::bigint) as amount from event_log_json where type = 'OrderPackageShipped' group by 1),
        cancelled as (select distinct stream_id from event_log_json where type in ('OrderLinesCancelled', 'OrderPackageUndelivered'))
        select p.stream_id as "where", format('order %s, captured %s', p.data->'totals'->>'grandTotal', c.amount) as why
        from event_log_json p join captured c using (stream_id)
        where p.type = 'OrderPlaced' and exists (select 1 from event_log_json d where d.stream_id = p.stream_id and d.shard = p.shard and d.type = 'OrderShipped')
          and p.stream_id not in (select stream_id from cancelled) and c.amount <> (p.data->'totals'->>'grandTotal')::bigint limit 20`,
      counted: `select count(*)::int as n from event_log where type = 'OrderPackageShipped'`,
    },
    {
      id: 'one-effect-per-package',
      what: 'a package is packed, shipped and delivered at most once',
      promise: 5,
      sql: `
        select data->>'packageId' as "where", format('%s times %s', count(*), type) as why
        from event_log_json where type in ('OrderPackagePacked', 'OrderPackageShipped', 'OrderPackageDelivered', 'OrderPackageUndelivered')
        group by data->>'packageId', type having count(*) > 1 limit 20`,
      counted: `select count(*)::int as n from event_log where type = 'OrderPackagePacked'`,
    },
  ],
  inventory: [
    {
      id: 'stock-ledger-without-holes',
      what: 'the ledger of every SKU and center has versions 1..n, and its row says n',
      promise: 4,
      sql: `
        with ledger as (
          select l->>'sku' as sku, l->>'centerId' as center_id, count(*) as entries, min((l->>'stockVersion')::bigint) as first,
                 max((l->>'stockVersion')::bigint) as last, count(distinct (l->>'stockVersion')::bigint) as versions
          from event_log_json e cross join lateral json_array_elements(e.data->'entries') l group by 1, 2)
        select format('%s@%s', coalesce(l.sku, s.sku), coalesce(l.center_id, s.center_id)) as "where",
               format('entries %s, versions %s..%s, row says %s', l.entries, l.first, l.last, s.version) as why
        from ledger l full join (select * from stock where version > 0) s using (sku, center_id)
        where l.sku is null or s.sku is null or l.first <> 1 or l.last <> l.entries or l.versions <> l.entries or s.version <> l.last limit 20`,
      counted: 'select count(*)::int as n from stock',
    },
    {
      id: 'stock-conserved',
      what: 'every bucket of every stock row is the sum of its ledger, and the free stock was never below zero at any entry',
      promise: 4,
      sql: `
        with ledger as (
          select l->>'sku' as sku, l->>'centerId' as center_id, (l->>'stockVersion')::bigint as version,
                 coalesce((l->>'available')::int, 0) as available, coalesce((l->>'reserved')::int, 0) as reserved, coalesce((l->>'committed')::int, 0) as committed,
                 coalesce((l->>'quarantine')::int, 0) as quarantine, coalesce((l->>'damaged')::int, 0) as damaged, coalesce((l->>'safety')::int, 0) as safety
          from event_log_json e cross join lateral json_array_elements(e.data->'entries') l),
        running as (
          select sku, center_id, sum(available) over w as available, sum(reserved) over w as reserved, sum(committed) over w as committed
          from ledger window w as (partition by sku, center_id order by version)),
        low as (select sku, center_id, min(available) as available, min(reserved) as reserved, min(committed) as committed from running group by 1, 2),
        total as (
          select sku, center_id, sum(available) as available, sum(reserved) as reserved, sum(committed) as committed, sum(quarantine) as quarantine,
                 sum(damaged) as damaged, sum(safety) as safety from ledger group by 1, 2)
        select format('%s@%s', s.sku, s.center_id) as "where",
               format('row %s/%s/%s, ledger %s/%s/%s (available/reserved/committed), lowest %s/%s/%s', s.available, s.reserved, s.committed,
                      t.available, t.reserved, t.committed, low.available, low.reserved, low.committed) as why
        from stock s left join total t using (sku, center_id) left join low using (sku, center_id)
        where (s.available, s.reserved, s.committed, s.quarantine, s.damaged, s.safety)
              is distinct from (coalesce(t.available, 0), coalesce(t.reserved, 0), coalesce(t.committed, 0), coalesce(t.quarantine, 0), coalesce(t.damaged, 0), coalesce(t.safety, 0))
           or low.available < 0 or low.reserved < 0 or low.committed < 0 limit 20`,
      counted: `select coalesce(sum(json_array_length(data->'entries')), 0)::int as n from event_log_json where data->'entries' is not null`,
    },
    {
      id: 'one-reservation-per-attempt',
      what: 'a plan attempt is leased at most once, and a package leaves the stock at most once',
      promise: 5,
      sql: `
        select coalesce(data->>'packageId', data->>'reservationId') as "where", format('%s times %s', count(*), type) as why
        from event_log_json where type in ('StockReserved', 'StockShipped')
        group by type, coalesce(data->>'packageId', data->>'reservationId') having count(*) > 1 limit 20`,
      counted: `select count(*)::int as n from event_log where type = 'StockReserved'`,
    },
  ],
  routing: [
    {
      id: 'one-decision-per-attempt',
      what: 'an attempt of an order is decided at most once',
      promise: 5,
      sql: `
        select format('%s attempt %s', data->>'orderId', data->>'attempt') as "where", format('%s decisions', count(*)) as why
        from event_log_json where type in ('RoutingDecided', 'RoutingInfeasible') group by data->>'orderId', data->>'attempt' having count(*) > 1 limit 20`,
      counted: `select count(*)::int as n from event_log where type in ('RoutingDecided', 'RoutingInfeasible')`,
    },
  ],
  warehouse: [
    {
      id: 'one-fulfillment-order-per-leg',
      what: 'a plan leg is requested at most once, a package closed at most once',
      promise: 5,
      sql: `
        select coalesce(data->>'packageId', data->>'fulfillmentOrderId') as "where", format('%s times %s', count(*), type) as why
        from event_log_json where type in ('FulfillmentOrderRequested', 'PackageClosed')
        group by type, coalesce(data->>'packageId', data->>'fulfillmentOrderId') having count(*) > 1 limit 20`,
      counted: `select count(*)::int as n from event_log where type = 'FulfillmentOrderRequested'`,
    },
    {
      id: 'work-board-equals-log',
      what: 'the units to plan, pick, sort and pack of every fulfillment order on the board are those of its stream',
      promise: 6,
      sql: `
        with units as (
          select e.data->>'fulfillmentOrderId' as id, e.type, (l->>'quantity')::int as quantity
          from event_log_json e cross join lateral json_array_elements(e.data->'lines') l
          where e.type in ('FulfillmentOrderRequested', 'FulfillmentOrderRejected', 'PickTaskPlanned', 'PackageClosed')
          union all
          select data->>'fulfillmentOrderId', type, (data->>'quantity')::int
          from event_log_json where type in ('ItemPicked', 'PickUndone', 'PickShorted', 'ItemSorted')
          union all
          select e.data->>'fulfillmentOrderId', 'withdrawn ' || place, coalesce((w->>place)::int, 0)
          from event_log_json e cross join lateral json_array_elements(e.data->'withdrawn') w cross join unnest(array['waiting', 'planned', 'picked', 'sorted']) place
          where e.type = 'FulfillmentOrderCancelled'),
        sums as (select id, json_object_agg(type, quantity) as s from (select id, type, sum(quantity) as quantity from units group by 1, 2) u group by 1),
        said as (
          select sums.id, ${units('FulfillmentOrderRequested')} - ${units('FulfillmentOrderRejected')} - ${units('PickTaskPlanned')} - ${units('withdrawn waiting')} as to_plan,
                 ${units('PickTaskPlanned')} - ${units('ItemPicked')} + ${units('PickUndone')} - ${units('PickShorted')} - ${units('withdrawn planned')} as to_pick,
                 ${units('ItemPicked')} - ${units('PickUndone')} - ${units('ItemSorted')} - ${units('withdrawn picked')} as to_sort,
                 ${units('ItemSorted')} - ${units('PackageClosed')} - ${units('withdrawn sorted')} as to_pack
          from sums join event_log_json a on a.type = 'FulfillmentOrderAccepted' and a.data->>'fulfillmentOrderId' = sums.id)
        select coalesce(said.id, work.fulfillment_order_id) as "where",
               format('log %s/%s/%s/%s, board %s/%s/%s/%s (to plan/pick/sort/pack)', said.to_plan, said.to_pick, said.to_sort, said.to_pack,
                      work.to_plan, work.to_pick, work.to_sort, work.to_pack) as why
        from (select * from said where to_plan + to_pick + to_sort + to_pack > 0) said
        full join fulfillment_order_work work on work.fulfillment_order_id = said.id
        where (said.to_plan, said.to_pick, said.to_sort, said.to_pack) is distinct from (work.to_plan, work.to_pick, work.to_sort, work.to_pack) limit 20`,
      counted: 'select count(*)::int as n from fulfillment_order_work',
    },
  ],
  shipping: [
    {
      id: 'one-label-per-package',
      what: 'a package has at most one label that is not voided',
      promise: 5,
      sql: `
        select data->>'packageId' as "where",
               format('%s bought, %s voided', count(*) filter (where type = 'LabelPurchased'), count(*) filter (where type = 'LabelVoided')) as why
        from event_log_json where type in ('LabelPurchased', 'LabelVoided') group by data->>'packageId'
        having count(*) filter (where type = 'LabelPurchased') - count(*) filter (where type = 'LabelVoided') > 1 limit 20`,
      counted: `select count(*)::int as n from event_log where type = 'LabelPurchased'`,
    },
    {
      id: 'one-hand-over-per-shipment',
      what: 'a shipment is handed over at most once',
      promise: 5,
      sql: `
        select data->>'shipmentId' as "where", format('%s hand-overs', count(*)) as why
        from event_log_json where type = 'ShipmentHandedOver' group by data->>'shipmentId' having count(*) > 1 limit 20`,
      counted: `select count(*)::int as n from event_log where type = 'ShipmentHandedOver'`,
    },
  ],
};
