import { randomUUID } from 'node:crypto';
import type { IncomingMessage, KafkaClient } from '@orderlog/messaging';

/** A header, or a key, as text; null when there is none. */
export const textOf = (value: unknown): string | null => (Buffer.isBuffer(value) ? value.toString('utf8') : typeof value === 'string' ? value : null);

/** Reads a topic from its beginning to where it ends now; partition by partition in order, but partitions mixed. `wanted` leaves others out. */
export const readTopic = async (
  kafka: KafkaClient,
  topic: string,
  onMessages: (partition: number, messages: readonly IncomingMessage[]) => void,
  wanted: (partition: number) => boolean = () => true,
): Promise<void> => {
  const admin = await kafka.admin();
  const ends = await admin.ends(topic).finally(() => admin.close());
  const left = new Map(ends.filter(({ partition, low, high }) => high > low && wanted(partition)).map(({ partition, low, high }) => [partition, { next: low, high }]));
  if (left.size === 0) return;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  let assigned: readonly { readonly topic: string; readonly partition: number }[] = [];
  let begin = (partitions: typeof assigned): void => void (assigned = partitions);
  const consumer = await kafka.consumer({
    // A group that nobody had: it begins at the beginning.
    groupId: `faults.${randomUUID()}`,
    topics: [topic],
    listener: {
      onAssigned: (partitions) => begin(partitions.filter(({ partition }) => left.has(partition))),
      onBatch: ({ partition, messages }) => {
        const part = left.get(partition);
        if (part === undefined) return;
        // After a rebalance everything comes again.
        const fresh = messages.filter(({ offset }) => offset >= part.next && offset < part.high);
        if (fresh.length > 0) onMessages(partition, fresh);
        part.next = Math.max(part.next, (messages.at(-1)?.offset ?? -1) + 1);
        if (part.next >= part.high) left.delete(partition);
        if (left.size === 0) finish();
      },
      onCrash: () => undefined,
    },
  });
  begin = (partitions) => consumer.resume(partitions);
  consumer.resume(assigned);
  await finished;
  await consumer.stop();
};
