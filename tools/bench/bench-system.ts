import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { lockedJars } from '../local-stack/kafka-jars.js';
import { removeStack, startStack, type RunningStack } from '../local-stack/stack.js';
import { loadWorld } from '../sample-world/load-world.js';
import { sampleWorld } from '../sample-world/world.js';
import type { World } from '../sample-world/world-file.js';
import { startSystem, type System } from '../system/system.js';
import { conditionsOf } from './conditions.js';
import type { BenchOptions } from './main.js';
import type { OrderParts } from './plain-orders.js';
import { startedByUs, type Root } from './processes.js';

/** A fresh system of its own with a world whose stock never ends; `pids` names every process that counts. */
export type BenchSystem = {
  readonly stack: RunningStack;
  readonly system: System;
  readonly world: World;
  readonly parts: OrderParts;
  readonly pids: () => Readonly<Record<string, Root>>;
  /** To hold the broker for a while: the services keep what they have to say in their logs. */
  readonly signalBroker: (name: NodeJS.Signals) => void;
  readonly stop: () => Promise<void>;
};

const unitsEach = 1_000_000;

/**
 * Gives PostgreSQL the WAL segments that a server has which has been at work: it writes over old ones. A new one makes each of them, fills it
 * with zeros and forces it to disk while commits wait: at 950 orders a second one every 3 s, which held commits up for 60 to 98 ms.
 */
const ageWal = async (databaseUrl: string): Promise<void> => {
  const sql = new pg.Client({ connectionString: databaseUrl });
  await sql.connect();
  try {
    const { rows } = await sql.query<{ segments: number }>(`select (pg_size_bytes(current_setting('min_wal_size')) / pg_size_bytes(current_setting('wal_segment_size')))::int as segments`);
    for (let n = 0; n < (rows[0]?.segments ?? 0); n += 1) {
      await sql.query(`select pg_create_restore_point('a segment that is not empty')`);
      await sql.query('select pg_switch_wal()');
    }
    await sql.query('checkpoint');
  } finally {
    await sql.end();
  }
};

/** Starts PostgreSQL, Kafka and the system in a folder of their own, which is removed at the end; the conditions are kept with the raw numbers. */
export const startBenchSystem = async ({ say, keep, cpuProf }: Pick<BenchOptions, 'say' | 'keep' | 'cpuProf'>): Promise<BenchSystem> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'orderlog-bench-'));
  // A stack of its own even where one is given: a benchmark must know what else writes there.
  const stack = await startStack({ dataDir, env: {} });
  await ageWal(stack.databaseUrl);
  keep('conditions', await conditionsOf({ databaseUrl: stack.databaseUrl, folder: join(dataDir, 'postgres'), properties: join(dataDir, 'kafka', 'server.properties'), kafka: lockedJars().kafka }));
  const system = await startSystem({ databaseUrl: stack.databaseUrl, brokers: stack.brokers, dataDir, env: { LOG_LEVEL: 'warn', ...(cpuProf === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${cpuProf}` }) } });
  const whole = sampleWorld();
  const plain = whole.items.filter(({ sku }) => whole.receipts.some(({ lines }) => lines.some((line) => line.sku === sku && line.quantity > 20)) && !/^(SHORT|REJECT|TWOBOX|LOST|RTS|LATE|FAILLABEL)-/.test(sku));
  const centers = whole.centers.filter(({ kind }) => kind === 'own');
  const world: World = {
    ...whole,
    centers: whole.centers.map((center) => ({ ...center, capacityUnitsPerDay: unitsEach })),
    receipts: centers.map(({ centerId }) => ({ centerId, lines: plain.map(({ sku }) => ({ sku, quantity: unitsEach })) })),
  };
  say('loading the world');
  await loadWorld(world, { baseUrl: system.baseUrl, apiKey: system.secrets.apiKey });
  const names = ['order', 'inventory', 'routing', 'warehouse', 'shipping', 'front-door', 'carrier'] as const;
  const postgres = startedByUs(/bin\/postgres /);
  const kafka = startedByUs(/kafka\.Kafka /);
  if (postgres === undefined || kafka === undefined) throw new Error('PostgreSQL or Kafka were not found among our processes');
  const alone = (pid: number): Root => ({ pid, withChildren: false });
  return {
    stack,
    system,
    world,
    parts: { skus: plain.map(({ sku }) => sku), places: whole.coordinates },
    pids: () => ({
      ...Object.fromEntries(names.map((name) => [name, alone(system.pid(name))])),
      postgres: { pid: postgres, withChildren: true },
      kafka: alone(kafka),
      load: alone(process.pid),
    }),
    signalBroker: (name) => void process.kill(kafka, name),
    stop: async () => {
      await system.stop();
      await stack.stop();
      // Before the folder: its database may lie outside (postgres-home.ts).
      await removeStack(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
