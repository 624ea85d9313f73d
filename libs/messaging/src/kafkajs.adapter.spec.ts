import { createRequire } from 'node:module';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import './kafkajs.adapter.js';
import { produceRequestBytes, type ProduceRequest } from './produce-request.js';

type Encoded = { readonly buffer: Buffer };
type Request = { readonly apiKey: number; readonly apiVersion: number; encode(): Promise<Encoded> };
const internals = createRequire(import.meta.url);
const framed = internals('kafkajs/src/protocol/request.js') as (asked: { readonly request: Request; readonly correlationId: number; readonly clientId: string }) => Promise<Encoded>;
const produce = internals('kafkajs/src/protocol/requests/produce/index.js') as { protocol(wanted: { readonly version: number }): (asked: ProduceRequest) => { readonly request: Request } };

const now = 1_763_900_000_123;
const asked: ProduceRequest = { acks: -1, timeout: 30_000, topicData: [{ topic: 'order.events', partitions: [{ partition: 3, messages: [{ key: 'order-1', value: '{"ä":1}', headers: { ce_id: '1' } }] }] }] };

/** https://kafka.apache.org/protocol#protocol_messages: size, API, version, correlation, client. */
const headOf = (clientId: string, bodySize: number): Buffer => {
  const head = Buffer.alloc(14);
  head.writeInt32BE(10 + clientId.length + bodySize, 0);
  head.writeInt16BE(7, 6);
  head.writeInt32BE(11, 8);
  head.writeInt16BE(clientId.length, 12);
  return Buffer.concat([head, Buffer.from(clientId)]);
};

describe('a produce request of kafkajs', () => {
  afterEach(() => void jest.restoreAllMocks());

  it.each([
    { length: 0, isCopied: false },
    { length: 12, isCopied: false },
    { length: 95, isCopied: false },
    { length: 96, isCopied: false },
    { length: 97, isCopied: true },
    { length: 600, isCopied: true },
  ])('of a client with an id of $length bytes has its head in front of its body', async ({ length, isCopied }) => {
    jest.spyOn(Date, 'now').mockReturnValue(now);
    const clientId = 'c'.repeat(length);
    const { request } = produce.protocol({ version: 7 })(asked);
    const made = await request.encode();
    const body = produceRequestBytes(asked, now);
    const { buffer } = await framed({ request: { ...request, encode: () => Promise.resolve(made) }, correlationId: 11, clientId });
    expect(buffer.equals(Buffer.concat([headOf(clientId, body.length), body]))).toBe(true);
    expect(buffer.buffer === made.buffer.buffer && buffer.byteOffset < made.buffer.byteOffset).toBe(!isCopied);
  });
});
