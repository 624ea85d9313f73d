import { randomFillSync } from 'node:crypto';
import { shardsPerLog } from '@orderlog/contracts';
import { UUID, V7Generator } from 'uuidv7';

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;

/** Random numbers 4 KB at a time: asking the system for 32 bytes each was 11 % of an append's CPU. */
const random = new Uint32Array(1024);
let used = random.length;
const ids = new V7Generator({
  nextUint32: () => {
    if (used === random.length) {
      randomFillSync(random);
      used = 0;
    }
    used += 1;
    return random[used - 1] ?? 0;
  },
});

/** A UUIDv7 for an event; ids of one process are ascending. */
export const newEventId = (): string => ids.generate().toString();

/**
 * A new order id: a UUIDv7 whose last byte says the shard (byte mod shards). The writer chooses the shard, batch by batch, because a hash
 * would scatter 100 concurrent orders over all heads and with that undo the batching.
 */
export const newOrderId = (shard: number, shards: number = shardsPerLog): string => {
  if (!Number.isInteger(shard) || shard < 0 || shard >= shards) throw new Error(`no shard ${shard} among ${shards}`);
  const bytes = Uint8Array.from(ids.generate().bytes);
  const choices = Math.floor((255 - shard) / shards) + 1;
  // The library's byte is random already; only its remainder is replaced.
  bytes[15] = shard + shards * ((bytes[15] ?? 0) % choices);
  return UUID.ofInner(bytes).toString();
};

/** The shard an order id carries in its last byte. */
export const shardOfId = (orderId: string, shards: number = shardsPerLog): number => Number.parseInt(orderId.slice(-2), 16) % shards;

/** FNV-1a: stable for ever (a stream may never change its shard), and even over short, similar names. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let n = 0; n < text.length; n += 1) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
};

/** The shard of a stream: the order id's where the stream id holds one, else a hash of the stream id. */
export const shardOfStream = (streamId: string, shards: number = shardsPerLog): number => {
  const found = uuid.exec(streamId);
  return found === null ? hashOf(streamId) % shards : shardOfId(found[0], shards);
};
