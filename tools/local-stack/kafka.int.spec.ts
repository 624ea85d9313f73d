import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { countBrokers, leadsAll } from './kafka-probe.js';
import { startKafka } from './kafka.js';

const dataDir = mkdtempSync(join(tmpdir(), 'orderlog-kafka-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const clusterId = (): string | undefined => /cluster\.id=(\S+)/.exec(readFileSync(join(dataDir, 'kafka', 'data', 'meta.properties'), 'utf8'))?.[1];
const portOf = (brokers: string): number => Number(brokers.split(':')[1]);

describe('a Kafka broker of our own', () => {
  it('comes back as the same cluster after kill -9, on other ports', async () => {
    const first = await startKafka({ dataDir });
    expect(await countBrokers('127.0.0.1', portOf(first.brokers))).toBe(1);
    const cluster = clusterId();
    process.kill(first.pid, 'SIGKILL');
    expect(await first.exited).toStrictEqual({ code: 137, signal: 'SIGKILL' });
    rmSync(join(dataDir, 'kafka.ports.json'));
    const second = await startKafka({ dataDir });
    try {
      expect(clusterId()).toBe(cluster);
      expect(await leadsAll('127.0.0.1', portOf(second.brokers))).toBe(true);
    } finally {
      await second.stop();
    }
    expect((await second.exited).signal).not.toBe('SIGKILL');
    await expect(countBrokers('127.0.0.1', portOf(second.brokers))).rejects.toThrow('ECONNREFUSED');
  }, 120_000);
});
