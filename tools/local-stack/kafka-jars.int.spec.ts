import { appendFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jarCache, jarName, kafkaClassPath, lockedJars } from './kafka-jars.js';
import { StackError } from './stack-error.js';

const cacheHome = mkdtempSync(join(tmpdir(), 'orderlog-jars-'));
const source = jarCache();
const said: string[] = [];
const onProgress = ({ text }: { text: string }): void => void said.push(text);
let repository: Server;
let spoil = false;
let env: NodeJS.ProcessEnv;
let folder: string;

/** A small Maven Central: the jars of this machine's cache under the paths of a repository. */
const answerFrom = (url = ''): Buffer | undefined => {
  const path = join(source, basename(url));
  if (!existsSync(path)) return undefined;
  return spoil ? Buffer.from('not a jar') : readFileSync(path);
};

beforeAll(async () => {
  await kafkaClassPath(() => undefined);
  repository = createServer(({ url }, response) => {
    const content = answerFrom(url);
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  await new Promise<void>((resolve) => repository.listen(0, '127.0.0.1', resolve));
  const { port } = repository.address() as AddressInfo;
  env = { XDG_CACHE_HOME: cacheHome, MAVEN_REPOSITORY_URL: `http://127.0.0.1:${port}` };
  folder = jarCache(env);
  await kafkaClassPath(onProgress, env);
}, 240_000);

afterAll(async () => {
  await new Promise((resolve) => repository.close(resolve));
  rmSync(cacheHome, { recursive: true });
});

describe('the jars of the broker', () => {
  const [jar] = lockedJars().jars;
  const victim = (): string => join(folder, jar === undefined ? '' : jarName(jar));

  it('are all fetched into an empty cache, and nothing half fetched stays', () => {
    expect(readdirSync(folder).sort()).toStrictEqual(lockedJars().jars.map(jarName).sort());
    expect(said.at(-1)).toBe('fetching Apache Kafka 4.2.0: jar 46 of 46');
  });

  it('are fetched again, one by one, when damaged or missing', async () => {
    const missing = join(folder, 'slf4j-api-1.7.36.jar');
    appendFileSync(victim(), 'x');
    unlinkSync(missing);
    said.length = 0;
    await kafkaClassPath(onProgress, env);
    expect(said.filter((text) => text.includes('damaged'))).toStrictEqual([`${basename(victim())} in ${folder} is damaged; fetching it again`]);
    expect(said.at(-1)).toBe('fetching Apache Kafka 4.2.0: jar 2 of 2');
    expect(existsSync(missing)).toBe(true);
  });

  it('are refused by name when the repository serves other bytes', async () => {
    unlinkSync(victim());
    spoil = true;
    try {
      const fetching = kafkaClassPath(onProgress, env);
      await expect(fetching).rejects.toThrow(StackError);
      await expect(fetching).rejects.toThrow(`${basename(victim())} from 127.0.0.1`);
      expect(readdirSync(folder).filter((name) => !name.endsWith('.jar'))).toStrictEqual([]);
      expect(existsSync(victim())).toBe(false);
    } finally {
      spoil = false;
    }
  });
});
