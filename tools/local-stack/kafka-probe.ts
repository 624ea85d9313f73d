import { connect } from 'node:net';
import { int16, int32, int64, int8, list, text, WireReader } from './kafka-wire.js';

// Raw requests, because an open port is not yet a broker, and the Kafka client belongs to libs/messaging alone.
// The versions are the newest without tagged fields; Kafka 4 still answers them.
const metadata = { key: 3, version: 5 };
const listOffsets = { key: 2, version: 2 };

type Request = { readonly key: number; readonly version: number };
type Topic = { readonly name: string; readonly partitions: readonly number[] };

const ask = (host: string, port: number, { key, version }: Request, body: Buffer, timeoutMs: number): Promise<WireReader> =>
  new Promise((resolve, reject) => {
    const content = Buffer.concat([int16(key), int16(version), int32(1), text('orderlog-probe'), body]);
    const socket = connect({ host, port, timeout: timeoutMs });
    let received = Buffer.alloc(0);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once('connect', () => socket.write(Buffer.concat([int32(content.length), content])));
    socket.once('timeout', () => fail(new Error(`no answer within ${timeoutMs} ms`)));
    socket.once('error', fail);
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      const answer = new WireReader(received);
      answer.skip(4 + 4); // length, correlation id
      resolve(answer);
      socket.destroy();
    });
  });

const readMetadata = (answer: WireReader): { readonly brokers: number; readonly topics: readonly Topic[] } => {
  answer.skip(4); // throttled for
  const brokers = answer.list(() => {
    answer.skip(4);
    answer.text();
    answer.skip(4);
    answer.text();
  }).length;
  answer.text(); // cluster
  answer.skip(4); // controller
  const topics = answer.list(() => {
    answer.skip(2);
    const name = answer.text();
    answer.skip(1);
    const partitions = answer.list(() => {
      answer.skip(2);
      const partition = answer.int(4);
      answer.skip(4);
      for (let list = 0; list < 3; list++) answer.list(() => answer.int(4)); // replicas: all, in sync, offline
      return partition;
    });
    return { name, partitions };
  });
  return { brokers, topics };
};

/** How many brokers this one knows, 0 while it is still starting. Throws when nothing answers. */
export const countBrokers = async (host: string, port: number, timeoutMs = 2000): Promise<number> =>
  readMetadata(await ask(host, port, metadata, Buffer.concat([list([]), int8(0)]), timeoutMs)).brokers;

/**
 * True when the only broker leads every partition. It answers metadata a moment earlier; a client that comes in that moment is
 * told NOT_LEADER_OR_FOLLOWER, which kafkajs does not try again when it fetches offsets.
 */
export const leadsAll = async (host: string, port: number, timeoutMs = 2000): Promise<boolean> => {
  const everyTopic = Buffer.concat([int32(-1), int8(0)]);
  const { brokers, topics } = readMetadata(await ask(host, port, metadata, everyTopic, timeoutMs));
  if (brokers === 0) return false;
  const latest = (partition: number): Buffer => Buffer.concat([int32(partition), int64(-1n)]);
  const wanted = topics.map(({ name, partitions }) => Buffer.concat([text(name), list(partitions.map(latest))]));
  const answer = await ask(host, port, listOffsets, Buffer.concat([int32(-1), int8(0), list(wanted)]), timeoutMs);
  answer.skip(4);
  const errors = answer.list(() => {
    answer.text();
    return answer.list(() => {
      answer.skip(4);
      const error = answer.int(2);
      answer.skip(8 + 8);
      return error;
    });
  });
  return errors.flat().every((error) => error === 0);
};
