/** What kafkajs asks of a fetch; its other fields have one value each, which is what `fetchRequestBytes` writes. */
export type FetchRequest = {
  readonly replicaId?: number;
  /** 0: also what is not committed; 1, which is kafkajs's choice: only what is. */
  readonly isolationLevel?: number;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string; readonly maxBytes: number }[];
  }[];
  readonly rackId?: string;
};

/** Before the topics: replica, wait, least and most bytes, isolation, session and its epoch, number of topics. */
const headBytes = 4 + 4 + 4 + 4 + 1 + 4 + 4 + 4;
/** Of a partition: its number, leader's epoch, offset, start of the log, most bytes. */
const partitionBytes = 4 + 4 + 8 + 8 + 4;
const unknown = -1;
const readCommitted = 1;

/** The body of a fetch request of version 11 (https://kafka.apache.org/protocol#The_Messages_Fetch), outside of a fetch session. */
export const fetchRequestBytes = ({ replicaId = unknown, isolationLevel = readCommitted, maxWaitTime, minBytes, maxBytes, topics, rackId = '' }: FetchRequest): Buffer => {
  const tailBytes = 4 + 2 + Buffer.byteLength(rackId);
  const size = topics.reduce((sum, { topic, partitions }) => sum + 2 + Buffer.byteLength(topic) + 4 + partitions.length * partitionBytes, headBytes + tailBytes);
  const buffer = Buffer.allocUnsafe(size);
  let at = buffer.writeInt32BE(replicaId, 0);
  at = buffer.writeInt32BE(maxWaitTime, at);
  at = buffer.writeInt32BE(minBytes, at);
  at = buffer.writeInt32BE(maxBytes, at);
  at = buffer.writeInt8(isolationLevel, at);
  at = buffer.writeInt32BE(0, at); // no session
  at = buffer.writeInt32BE(-1, at);
  at = buffer.writeInt32BE(topics.length, at);
  for (const { topic, partitions } of topics) {
    at = buffer.writeInt16BE(Buffer.byteLength(topic), at);
    at += buffer.write(topic, at);
    at = buffer.writeInt32BE(partitions.length, at);
    for (const { partition, fetchOffset, maxBytes: most } of partitions) {
      at = buffer.writeInt32BE(partition, at);
      at = buffer.writeInt32BE(unknown, at);
      at = buffer.writeBigInt64BE(BigInt(fetchOffset), at);
      at = buffer.writeBigInt64BE(-1n, at);
      at = buffer.writeInt32BE(most, at);
    }
  }
  at = buffer.writeInt32BE(0, at); // nothing leaves the session
  at = buffer.writeInt16BE(Buffer.byteLength(rackId), at);
  buffer.write(rackId, at);
  return buffer;
};
