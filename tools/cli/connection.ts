import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a running local system tells the command line about itself; written by `npm start`, owner-readable only. */
export type SystemFile = {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly databaseUrl: string;
  readonly brokers: string;
  readonly grpc: string;
  readonly carrierUrl: string;
  /** Addresses of the parts, by name. */
  readonly urls: Readonly<Record<string, string>>;
  /** pids of the parts, by name. */
  readonly pids: Readonly<Record<string, number>>;
  readonly logs: string;
};

/** Where to reach Orderlog and with which key. */
export type Connection = { readonly baseUrl: string; readonly apiKey: string; readonly databaseUrl?: string };

/** A mistake of the person at the terminal; said in one line, exit code 2. */
export class UsageError extends Error {}

/** The data folder's system file, or undefined when nothing was ever started there. */
export const readSystemFile = (dataDir: string): SystemFile | undefined => {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'system.json'), 'utf8')) as SystemFile;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')) return undefined;
    throw error;
  }
};

/** Options first, then the environment, then the system that `npm start` runs here. */
export const connect = (options: { readonly url?: string; readonly key?: string; readonly data: string }): Connection => {
  const system = readSystemFile(options.data);
  const baseUrl = options.url ?? process.env['ORDERLOG_URL'] ?? system?.baseUrl;
  const apiKey = options.key ?? process.env['ORDERLOG_API_KEY'] ?? system?.apiKey;
  if (baseUrl === undefined || apiKey === undefined) {
    throw new UsageError('no running Orderlog found here: run `npm start`, or give --url and --key (or ORDERLOG_URL and ORDERLOG_API_KEY)');
  }
  if (!/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? '')) throw new UsageError(`"${baseUrl}" is no URL, such as http://127.0.0.1:8080`);
  const databaseUrl = process.env['DATABASE_URL'] ?? system?.databaseUrl;
  return { baseUrl, apiKey, ...(databaseUrl === undefined ? {} : { databaseUrl }) };
};
