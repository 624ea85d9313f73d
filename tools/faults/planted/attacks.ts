import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { eventsTopic, services, shardsPerLog, type ServiceName } from '@orderlog/contracts';
import type { IncomingMessage } from '@orderlog/messaging';
import type { AttackedSystem } from '../attacked-system.js';
import { tamperer } from '../messages.js';
import type { Fault, KillPoint } from '../plan.js';
import { readTopic, textOf } from '../topic-reader.js';
import type { Attack } from './bug.js';

const second = 1_000;
/** By then the last order of a planted run has been sent. */
const loadMs = 14 * second;

/** Faults one after another, each so long after the beginning. */
export const at =
  (...steps: readonly (readonly [ms: number, fault: Fault])[]): Attack =>
  async (_, injector) => {
    const startedAt = performance.now();
    for (const [ms, fault] of steps) {
      await pause(Math.max(0, ms - (performance.now() - startedAt)));
      await injector.inject(fault);
    }
  };

/** Kills of one service at points of its own, one after another, each when the service has come back from the one before. */
export const killsAt =
  (part: ServiceName, ...points: readonly KillPoint[]): Attack =>
  async ({ system }, injector) => {
    for (const point of points) {
      await pause(second);
      await system.ready(part);
      // The carrier is asked once for many labels: a third call may never come.
      await injector.inject({ kind: 'kill-at', part, point, nth: point.endsWith('-carrier') ? 1 : 3 });
    }
  };

/** Two processes of a service side by side. */
export const joined =
  (service: ServiceName): Attack =>
  async ({ system }) => {
    await pause(second);
    const another = await system.another(service);
    await pause(loadMs);
    await another.stop();
  };

const all = Array.from({ length: shardsPerLog }, (_, shard) => shard);

/** A listener is down while its producer's topic loses everything that it has not heard; orders go on after it has come back. */
export const unheard =
  (listener: ServiceName, producer: ServiceName, downAtMs = 3_000): Attack =>
  async ({ system }, injector) => {
    await pause(downAtMs);
    await system.down(listener);
    await pause(2_500);
    await injector.inject({ kind: 'emptied', service: producer, shards: all });
    await system.up(listener);
    await pause(loadMs - 6_000);
  };

/** The same when no more orders come: nothing newer tells the listener that something is missing. */
export const unheardAtTheEnd =
  (listener: ServiceName, producer: ServiceName): Attack =>
  async ({ system }, injector) => {
    await pause(loadMs - 3_000);
    await system.down(listener);
    await pause(6_000);
    await injector.inject({ kind: 'emptied', service: producer, shards: all });
    await system.up(listener);
  };

/** A service is frozen while another process of it takes over; it wakes when nobody orders any more. */
export const sleeper =
  (part: ServiceName): Attack =>
  async (_, injector) => {
    await pause(loadMs - 6_000);
    await injector.inject({ kind: 'zombie', part, ms: 12_000 });
  };

/** After the orders: a message that looks like a next row of the order's log, from another log. */
export const foreigner: Attack = async (attacked: AttackedSystem) => {
  await pause(loadMs + 6_000);
  const kafka = tamperer(attacked);
  const topic = eventsTopic('order');
  let newest: { readonly partition: number; readonly message: IncomingMessage } | undefined;
  const last = new Map<number, number>();
  await readTopic(kafka, topic, (partition, messages) => {
    for (const message of messages) {
      const seq = Number(textOf(message.headers['orderlogseq']) ?? 0);
      last.set(partition, Math.max(last.get(partition) ?? 0, seq));
      if (textOf(message.headers['ce_type']) === 'OrderBackordered') newest = { partition, message };
    }
  });
  if (newest === undefined) throw new Error('no order waits for stock');
  const { partition, message } = newest;
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, textOf(value) ?? '']));
  const forged = { ...headers, ce_id: randomUUID(), orderloglogid: randomUUID(), orderlogseq: String((last.get(partition) ?? 0) + 1) };
  const producer = await kafka.producer();
  await producer.send(topic, [{ partition, messages: [{ key: textOf(message.key) ?? '', headers: forged, value: textOf(message.value) }] }]);
  await producer.close();
  await pause(2 * second);
};

/** Every topic is published again from its first row. */
export const replays: Attack = async (attacked, injector) => {
  await pause(loadMs - 4_000);
  for (const service of services) await injector.inject({ kind: 'replay', service, shards: all });
  await pause(3 * second);
};
