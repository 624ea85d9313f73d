import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { EnvHttpProxyAgent, fetch, type Dispatcher } from 'undici';
import type { OnProgress } from './progress.js';
import { codeOf, fileError, StackError } from './stack-error.js';

/** One jar: its coordinates at Maven Central and what it must contain. */
export type Jar = { readonly coordinates: string; readonly sha256: string; readonly bytes: number };

const lanes = 6;
const triesMax = 3;
const timeoutMs = 30_000;
const partKeptMs = 3_600_000;
const central = 'https://repo1.maven.org/maven2';

/** The Kafka version and its jars, as locked. */
export const lockedJars = (): { readonly kafka: string; readonly jars: readonly Jar[] } =>
  JSON.parse(readFileSync(new URL('./kafka-jars.lock.json', import.meta.url), 'utf8')) as { kafka: string; jars: readonly Jar[] };

/** The per-user folder of the jars, shared by all checkouts. */
export const jarCache = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'orderlog', `kafka-${lockedJars().kafka}`);

/** The file name of a jar in the cache. */
export const jarName = ({ coordinates }: Jar): string => `${coordinates.split(':').slice(1).join('-')}.jar`;

const addressOf = (jar: Jar, repository: string): string => {
  const [group = '', artifact = '', version = ''] = jar.coordinates.split(':');
  return `${repository}/${group.replaceAll('.', '/')}/${artifact}/${version}/${jarName(jar)}`;
};

const isWhole = (content: Buffer, { sha256 }: Jar): boolean => createHash('sha256').update(content).digest('hex') === sha256;

const stateOf = async (path: string, jar: Jar): Promise<'whole' | 'damaged' | 'missing'> => {
  try {
    return isWhole(await readFile(path), jar) ? 'whole' : 'damaged';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'missing';
    throw fileError(error, path);
  }
};

const inLanes = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
};

const download = async (address: string, dispatcher: Dispatcher): Promise<Buffer> => {
  const response = await fetch(address, { dispatcher, signal: AbortSignal.timeout(timeoutMs * 4) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
};

const explain = (error: unknown): string => {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return codeOf(inner) ?? (inner instanceof Error ? inner.message : String(inner));
};

/** Fetches one jar to a temporary name, checks it, and only then gives it its name: the cache never holds half a file. */
const fetchJar = async (jar: Jar, path: string, repository: string, dispatcher: Dispatcher): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    try {
      const content = await download(addressOf(jar, repository), dispatcher);
      if (!isWhole(content, jar)) {
        throw new StackError(`${jarName(jar)} from ${new URL(repository).host} is not the locked file (its SHA-256 differs)`, 'check the proxy or mirror in between (MAVEN_REPOSITORY_URL, HTTPS_PROXY)');
      }
      const fresh = `${path}.${process.pid}.part`;
      try {
        await writeFile(fresh, content);
        await rename(fresh, path);
      } catch (error) {
        await rm(fresh, { force: true });
        throw cacheError(error, path);
      }
      return;
    } catch (error) {
      if (error instanceof StackError) throw error;
      if (attempt === triesMax) {
        throw new StackError(
          `${jarName(jar)} cannot be fetched from ${new URL(repository).host} (${explain(error)})`,
          'check the network; behind a proxy set HTTPS_PROXY, or MAVEN_REPOSITORY_URL to a mirror of Maven Central; or set KAFKA_BROKERS to a broker of your own',
          { cause: error },
        );
      }
      await wait(300 * 3 ** (attempt - 1));
    }
  }
};

const cacheError = (error: unknown, path: string): unknown => {
  const known = fileError(error, path);
  return known instanceof StackError ? new StackError(known.reason, 'make room or rights there, or set XDG_CACHE_HOME to another folder', { cause: error }) : known;
};

/** Takes away what launchers left behind that were ended while they wrote. An hour, because another one may be writing now. */
const removeOldParts = (folder: string): void => {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const writtenAt = name.endsWith('.part') ? statSync(path, { throwIfNoEntry: false })?.mtimeMs : undefined;
    if (writtenAt !== undefined && Date.now() - writtenAt > partKeptMs) rmSync(path, { force: true });
  }
};

/**
 * All jars of the broker, in the cache and each proven by its SHA-256 (0.2 s for 45 MB at every start: a broker that dies of a
 * damaged jar says nothing that helps). Missing ones are fetched, damaged ones named and fetched again.
 */
export const kafkaClassPath = async (onProgress: OnProgress, env: NodeJS.ProcessEnv = process.env): Promise<string> => {
  const folder = jarCache(env);
  const { kafka, jars } = lockedJars();
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw cacheError(error, folder);
  }
  removeOldParts(folder);
  const wanted: Jar[] = [];
  await inLanes(jars, async (jar) => {
    const state = await stateOf(join(folder, jarName(jar)), jar);
    if (state === 'damaged') onProgress({ part: 'kafka', text: `${jarName(jar)} in ${folder} is damaged; fetching it again` });
    if (state !== 'whole') wanted.push(jar);
  });
  if (wanted.length > 0) {
    const repository = (env['MAVEN_REPOSITORY_URL'] || central).replace(/\/+$/, '');
    const dispatcher = new EnvHttpProxyAgent({ headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
    const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    let count = 0;
    const text = (): string => `fetching Apache Kafka ${kafka}: jar ${count} of ${wanted.length}`;
    onProgress({ part: 'kafka', text: text(), done, total, unit: 'bytes' });
    try {
      await inLanes(wanted, async (jar) => {
        await fetchJar(jar, join(folder, jarName(jar)), repository, dispatcher);
        done += jar.bytes;
        count += 1;
        onProgress({ part: 'kafka', text: text(), done, total, unit: 'bytes' });
      });
    } finally {
      await dispatcher.destroy();
    }
  }
  return jars.map((jar) => join(folder, jarName(jar))).join(':');
};
