import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderlog/testing';
import { openPair, type Pair } from '../test/pair.js';
import { encodeEvent } from './cloud-events.js';
import { addLogReader, logReaderClient, type LogReaderClient } from './log-reader.js';

describe('the log reader', () => {
  let pair: Pair;
  let server: Server;
  let address: string;
  const clients: LogReaderClient[] = [];
  const reader = (token: string) => {
    const client = logReaderClient({ order: address }, token);
    clients.push(client);
    const { order } = client.producers;
    if (order === undefined) throw new Error('no client for order');
    return order;
  };
  beforeAll(async () => {
    pair = await openPair();
    server = new Server();
    addLogReader(server, pair.producer, 'a secret');
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
    address = `127.0.0.1:${port}`;
    await pair.rate(
      Array.from({ length: 600 }, (_, n) => n % 10),
      4,
    );
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    server.forceShutdown();
    await pair.close();
  });

  it('gives the rows of a shard as the topic has them, 500 at most', async () => {
    const log = reader('a secret');
    const { logId, records } = await log.read(4, 0, 10_000);
    expect(logId).toBe(pair.producer.logId);
    expect(records).toHaveLength(500);
    expect((await log.read(4, 598, 500)).records).toEqual((await pair.producer.readShard(4, 598, 500)).map((event) => encodeEvent('order', event)));
    expect((await log.read(4, 600, 500)).records).toEqual([]);
  });

  it('says how far each shard is', async () => {
    const { heads } = await reader('a secret').heads();
    expect(heads.size).toBe(16);
    expect([heads.get(4), heads.get(5)]).toEqual([600, 0]);
  });

  it('answers nobody without the credential', async () => {
    await expect(reader('a guess').heads()).rejects.toThrow('UNAUTHENTICATED');
  });

  it('feeds a consumer over the wire', async () => {
    const consumer = await pair.startConsumer({ producers: { order: reader('a secret') }, tailCheckMs: 100, tailFillAfterMs: 200 });
    await eventually(() => consumer.stats().facts === 600);
  });
});
