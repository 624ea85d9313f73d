import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { services, type ServiceName } from '@orderlog/contracts';
import pg from 'pg';
import { codeOf } from '../local-stack/stack-error.js';
import { isReady, parts, type PartName } from '../system/parts.js';
import type { AttackedSystem } from './attacked-system.js';
import type { Order } from './kill-points.js';
import { empty, poison, publishAgain, sendAgain } from './messages.js';
import { countedAs, type Fault } from './plan.js';

/** Does things to a system; answers under which name it is to be counted. */
export type Injector = {
  readonly inject: (fault: Fault) => Promise<string>;
  /** Undoes whatever still holds: everything runs, everything passes. */
  readonly heal: () => Promise<void>;
};

const [lookMs, firesWithinMs, startsWithinMs, readyMs] = [20, 8_000, 15_000, 120_000];
const connectionsMax = 100;
const [worksWithinMs, killedWhileStarting] = [20_000, 0.2];
const [triesMax, againMs] = [6, 2_000];

/** A process that ended in this very moment needs no signal. */
const harmless = (signal: () => void): void => {
  try {
    signal();
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
};

/** Makes an injector; `random` chooses among what is there at the moment (which connection, which backend). */
export const injectorOf = (attacked: AttackedSystem, random: () => number): Injector => {
  const { system, postgres, broker, links, databaseUrl, ordersFolder } = attacked;
  const isGone = (pid: number): boolean => {
    try {
      return !process.kill(pid, 0);
    } catch (error) {
      if (codeOf(error) === 'ESRCH') return true;
      throw error;
    }
  };
  /** Waits for a process to be there: what is dead already cannot be killed, and would be counted for nothing. */
  const alive = async (part: PartName): Promise<number> => {
    for (const until = Date.now() + startsWithinMs; Date.now() < until; await pause(lookMs)) if (!isGone(system.pid(part))) return system.pid(part);
    throw new Error(`${part} does not run`);
  };
  /** Waits until it is at work: a service that is killed whenever it starts does nothing that could go wrong. Some are killed while they start all the same. */
  const working = async (part: PartName): Promise<boolean> => {
    for (const until = Date.now() + worksWithinMs; Date.now() < until; await pause(5 * lookMs)) if (await isReady(system.urls[part])) return true;
    return false;
  };
  const kill = async (part: PartName): Promise<void> => {
    if (random() >= killedWhileStarting) await working(part);
    process.kill(await alive(part), 'SIGKILL');
  };
  const order = (part: ServiceName, what: Order): void => {
    writeFileSync(join(ordersFolder, `${part}.json`), JSON.stringify(what));
    harmless(() => system.signal(part, 'SIGUSR2'));
  };
  /** What needs a broker or a database waits while another fault has it. */
  const patiently = async (work: () => Promise<void>): Promise<void> => {
    for (let n = 1; ; n += 1) {
      try {
        await work();
        return;
      } catch (error) {
        if (n === triesMax) throw error;
        await pause(againMs);
      }
    }
  };
  /** As an operator, beside the proxies. */
  const asAdmin = async (work: (client: pg.Client) => Promise<void>): Promise<void> => {
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await work(client);
    } finally {
      await client.end();
    }
  };

  /** Dies at the n-th time it comes to the point; if it does not come there in time, it is killed wherever it is. */
  const killAt = async ({ part, point, nth }: Extract<Fault, { kind: 'kill-at' }>): Promise<boolean> => {
    // Before it is ready it has no ears for the order, and the signal would end it by itself.
    if (!(await working(part))) return false;
    const pid = system.pid(part);
    order(part, { point, nth });
    for (const until = Date.now() + firesWithinMs; Date.now() < until; await pause(lookMs)) if (isGone(pid)) return true;
    return false;
  };
  const frozen = async (part: PartName, ms: number): Promise<void> => {
    const pid = await alive(part);
    harmless(() => process.kill(pid, 'SIGSTOP'));
    await pause(ms);
    harmless(() => process.kill(pid, 'SIGCONT'));
  };
  /** Frozen until another process has its leases and partitions; then both run for a while. Answers whether there was one in time. */
  const zombie = async (part: ServiceName, ms: number): Promise<boolean> => {
    const wakesAt = Date.now() + ms;
    const waking = frozen(part, ms);
    let another = await system.another(part);
    let isThere = false;
    for (; !isThere && Date.now() < wakesAt; await pause(10 * lookMs)) {
      isThere = await isReady(another.url);
      if (isGone(another.pid)) another = await system.another(part);
    }
    await waking;
    await pause(isThere ? 2_000 : 0);
    if (random() < 0.5) harmless(() => process.kill(another.pid, 'SIGKILL'));
    await another.stop();
    return isThere;
  };
  const backends = async ({ count, inCommit }: Extract<Fault, { kind: 'backends' }>): Promise<void> =>
    asAdmin(async (client) => {
      const active = inCommit ? "and state = 'active' and query ~* '^commit|append_events|claim_orders'" : '';
      let killed = 0;
      // One that commits is there for a millisecond at a time.
      for (const until = Date.now() + 3_000; killed < count && Date.now() < until; ) {
        const { rowCount } = await client.query(
          `select pg_terminate_backend(pid) from (select pid from pg_stat_activity where usename like '%\\_app' ${active} order by md5(pid::text || $1) limit $2) as chosen`,
          [String(random()), count - killed],
        );
        killed += rowCount ?? 0;
      }
    });
  /** Takes every connection the server has left, and breaks those that are in use. */
  const fullPool = async (part: ServiceName, ms: number): Promise<void> => {
    const held: pg.Client[] = [];
    try {
      for (let n = 0; n < connectionsMax; n += 1) {
        const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2_000 });
        client.on('error', () => undefined);
        await client.connect();
        held.push(client);
        if (n === 0) await client.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [`${part}_app`]);
      }
    } catch (error) {
      if (codeOf(error) !== '53300') throw error;
    }
    await pause(ms);
    await Promise.all(held.map((client) => client.end()));
  };
  /** A transaction that somebody forgot: it has the heads of half of the shards. */
  const heldLock = async (part: ServiceName, ms: number): Promise<void> =>
    asAdmin(async (client) => {
      await client.query('begin');
      await client.query(`select from ${client.escapeIdentifier(part)}.shard_head where shard % 2 = 0 order by shard for update`);
      await pause(ms);
      await client.query('rollback');
    });
  const allDown = async (ms: number): Promise<void> => {
    await Promise.all([...parts.map((part) => system.down(part)), postgres.down('SIGQUIT'), broker.down('SIGKILL')]);
    await pause(ms);
    await Promise.all([postgres.up(), broker.up()]);
    await Promise.all(parts.map((part) => system.up(part)));
  };

  const run = async (fault: Fault): Promise<string | undefined> => {
    switch (fault.kind) {
      case 'kill':
        await kill(fault.part);
        return undefined;
      case 'kill-at':
        if (await killAt(fault)) return undefined;
        await kill(fault.part);
        return 'kill.random';
      case 'pause':
        await frozen(fault.part, fault.ms);
        return undefined;
      case 'zombie':
        return (await zombie(fault.part, fault.ms)) ? undefined : 'pause.alone';
      case 'postgres-restart':
        await postgres.down('SIGQUIT');
        await pause(fault.ms);
        await postgres.up();
        return undefined;
      case 'backends':
        await patiently(() => backends(fault));
        return undefined;
      case 'broker-kill':
        await broker.down('SIGKILL');
        await pause(fault.ms);
        await broker.up();
        return undefined;
      case 'broker-pause':
        broker.signal('SIGSTOP');
        await pause(fault.ms);
        broker.signal('SIGCONT');
        return undefined;
      case 'network':
        links[fault.link].be(fault.trouble);
        await pause(fault.ms);
        links[fault.link].be(undefined);
        return undefined;
      case 'duplicates':
        await patiently(() => sendAgain(attacked, fault.service, fault.shards));
        return undefined;
      case 'replay':
        await patiently(() => publishAgain(attacked, fault.service, fault.shards));
        return undefined;
      case 'emptied':
        await patiently(() => empty(attacked, fault.service, fault.shards));
        return undefined;
      case 'poison':
        await patiently(() => poison(attacked));
        return undefined;
      case 'clock': {
        if (!(await isReady(system.urls[fault.part]))) return 'clock.missed';
        order(fault.part, { clockMs: fault.jumpMs });
        await pause(fault.ms);
        // A process that was killed meanwhile has the right time, and perhaps no ears yet.
        if (await isReady(system.urls[fault.part])) order(fault.part, { clockMs: 0 });
        return undefined;
      }
      case 'full-pool':
        await fullPool(fault.part, fault.ms);
        return undefined;
      case 'held-lock':
        await patiently(() => heldLock(fault.part, fault.ms));
        return undefined;
      case 'all-down':
        await allDown(fault.ms);
        return undefined;
    }
  };
  return {
    inject: async (fault) => (await run(fault)) ?? countedAs(fault),
    heal: async () => {
      for (const link of Object.values(links)) link.be(undefined);
      await Promise.all([postgres.up(), broker.up()]);
      for (const part of parts) {
        harmless(() => system.signal(part, 'SIGCONT'));
        await system.up(part);
      }
      await Promise.all(parts.map((part) => system.ready(part, readyMs)));
      // Nothing that was ordered may happen later.
      for (const service of services) order(service, { clockMs: 0 });
    },
  };
};
