import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { serviceMigrations } from '@orderlog/backbone';
import { createEventLog, migrate, newOrderId, type MigrationFolder, type PostgresEventLog } from '@orderlog/event-log';
import type { Fact } from '@orderlog/messaging';
import { freshDatabase, type FreshDatabase } from '@orderlog/testing';
import { DataSource } from 'typeorm';
import { storeFacts } from '../../application/received-facts.js';
import { orderTimelineQueries, type TimelineFact } from './order-timeline.queries.js';
import { ReceivedFactsRow } from './received-facts.row.js';

let database: FreshDatabase;
let log: PostgresEventLog;
let source: DataSource;
const open = async (folders: readonly MigrationFolder[]): Promise<void> => {
  database = await freshDatabase({ service: 'order', folders });
  await connect();
};
const connect = async (): Promise<void> => {
  log = await createEventLog({ service: 'order', connectionString: database.appUrl });
  source = await new DataSource({ type: 'postgres', url: database.appUrl, entities: [ReceivedFactsRow], extra: { options: `-c search_path="${database.schema}"` } }).initialize();
};
const disconnect = async (): Promise<void> => {
  await source.destroy();
  await log.close();
};
afterEach(async () => {
  await disconnect();
  await database.drop();
});

const eventIdOf = (seq: number): string => `0199f3a0-0000-7000-8000-${String(seq).padStart(12, '0')}`;
const picked = (orderId: string, seq: number, data: object = {}): Fact => ({
  source: 'warehouse',
  eventId: eventIdOf(seq),
  type: 'ItemPicked',
  schemaVersion: 1,
  tenantId: 'acme',
  streamId: 'fulfillment-order-1',
  streamVersion: seq,
  shard: 3,
  seq,
  occurredAt: `2026-11-02T09:00:0${seq}.000Z`,
  recordedAt: `2026-11-02T09:00:0${seq}.500Z`,
  actor: { type: 'staff', id: 'anna' },
  commandId: 'c',
  correlationId: orderId,
  logId: 'log',
  batchHash: '',
  data: { orderId, ...data },
});
const entry = (orderId: string, seq: number, more: Partial<TimelineFact> = {}): TimelineFact => ({
  recordedAt: `2026-11-02T09:00:0${seq}.500Z`,
  occurredAt: `2026-11-02T09:00:0${seq}.000Z`,
  service: 'warehouse',
  type: 'ItemPicked',
  eventId: eventIdOf(seq),
  actor: { type: 'staff', id: 'anna' },
  data: { orderId },
  ...more,
});

describe('the timeline', () => {
  it('holds each fact of each order of a batch once, the oldest first, also when batches come again cut elsewhere', async () => {
    await open(serviceMigrations('order'));
    const [mine, other] = [newOrderId(0), newOrderId(0)];
    const reason = { reason: 'DAMAGED', text: 'a \\ "quoted" line\nand \u001e another' };
    const facts = [picked(mine, 3), picked(other, 2), picked(mine, 1, reason), picked('no order', 4)];
    const keep = (batch: readonly Fact[]): Promise<void> => log.transact((tx) => storeFacts(tx, batch));
    await keep(facts);
    await keep(facts.slice(1));
    await keep([picked(mine, 5), ...facts]);
    await keep([picked('no order', 6)]);
    const timeline = orderTimelineQueries(log, source);
    expect(await timeline.of(mine)).toStrictEqual([entry(mine, 1, { reason: 'DAMAGED', data: { orderId: mine, ...reason } }), entry(mine, 3), entry(mine, 5)]);
    expect(await timeline.of(other)).toStrictEqual([entry(other, 2)]);
    expect(await timeline.of(newOrderId(0))).toStrictEqual([]);
    expect(await source.query('select count(*)::int as rows from received_facts')).toStrictEqual([{ rows: 6 }]);
  });

  it('leaves out how a plan was decided, which routing tells', async () => {
    await open(serviceMigrations('order'));
    const mine = newOrderId(0);
    const decided = { ...picked(mine, 1, { attempt: 1, inputs: [1], candidates: [2] }), type: 'RoutingDecided' };
    await log.transact((tx) => storeFacts(tx, [decided]));
    expect(await orderTimelineQueries(log, source).of(mine)).toStrictEqual([entry(mine, 1, { type: 'RoutingDecided', data: { orderId: mine, attempt: 1 } })]);
  });

  it('has what was kept with a row a fact', async () => {
    const before = await mkdtemp(join(tmpdir(), 'migrations-'));
    try {
      const all = serviceMigrations('order');
      const folders = all.map((folder) => (folder.name === 'order' ? { ...folder, path: before } : folder));
      const current = all.find(({ name }) => name === 'order')?.path;
      if (current === undefined) throw new Error('the service has no migrations of its own');
      await cp(current instanceof URL ? fileURLToPath(current) : current, before, { recursive: true, filter: (file) => Number(/(\d{4})-[^/]*$/.exec(file)?.[1] ?? 0) < 6 });
      await open(folders);
      const [mine, other] = [newOrderId(0), newOrderId(0)];
      const rows = [[mine, 2], [mine, 1], [other, 3]] as const;
      for (const [orderId, seq] of rows) {
        await source.query(
          `insert into received_facts (order_id, source, shard, seq, event_id, type, occurred_at, recorded_at, actor_type, actor_id, data)
           values ($1, 'warehouse', 3, $2, $3, 'ItemPicked', $4, $5, 'staff', 'anna', $6)`,
          [orderId, seq, eventIdOf(seq), `2026-11-02T10:00:0${seq}+01:00`, `2026-11-02T09:00:0${seq}.5Z`, JSON.stringify({ orderId })],
        );
      }
      await disconnect();
      await migrate({ adminUrl: database.adminUrl, schema: database.schema, ownerRole: 'orderlog_test_owner', appRole: 'orderlog_test_app', folders: all });
      await connect();
      const timeline = orderTimelineQueries(log, source);
      expect(await timeline.of(mine)).toStrictEqual([entry(mine, 1), entry(mine, 2)]);
      expect(await timeline.of(other)).toStrictEqual([entry(other, 3)]);
      await expect(source.query('update received_facts set facts = facts')).rejects.toThrow('permission denied');
    } finally {
      await rm(before, { recursive: true });
    }
  });
});
