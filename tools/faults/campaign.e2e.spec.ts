import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from '@jest/globals';
import type { CampaignResult } from './campaign.js';

const folder = mkdtempSync(join(tmpdir(), 'orderlog-campaign-'));
const limitMs = 240_000;

afterAll(() => rmSync(folder, { recursive: true }));

/** A campaign with a PostgreSQL and a Kafka of its own, as a program of its own: those of the test run are not to be killed. */
const campaign = (...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> =>
  new Promise((resolve) => {
    const main = fileURLToPath(new URL('../../dist/tools/faults/main.js', import.meta.url));
    execFile(process.execPath, [main, ...args], { maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, said: `${err}\n${out}` });
    });
  });

it('twenty processes are killed while orders come, and nothing is lost, done twice or left lying', async () => {
  const json = join(folder, 'campaign.json');
  const { code, said } = await campaign('--seed', '20', '--minutes', '0.8', '--rate', '60', '--kills', '20', '--json', json);
  const result = JSON.parse(readFileSync(json, 'utf8')) as CampaignResult;
  const kills = Object.entries(result.faults).reduce((sum, [kind, n]) => sum + (kind.startsWith('kill.') ? n : 0), 0);
  expect({ violations: result.violations, said: code === 0 ? '' : said }).toStrictEqual({ violations: {}, said: '' });
  expect(kills).toBeGreaterThanOrEqual(20);
  expect(result.orders).toBeGreaterThan(500);
  expect(result.outcomes['ok']).toBeGreaterThan(500);
  expect(result.checked['order orders-placed-once']).toBeGreaterThan(300);
}, limitMs);
