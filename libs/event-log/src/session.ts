import { escapeIdentifier, Pool, types, type PoolClient, type PoolConfig, type QueryResult } from 'pg';
import type { SqlExecutor } from './event-log.js';
import { SessionClient } from './session-client.js';

/** `2026-01-31 08:05:09.25+00` (the session's zone is UTC) → `2026-01-31T08:05:09.250Z`. Slices: a Date would cost ten times as much. */
export const rfc3339 = (text: string): string => {
  if (!text.endsWith('+00')) return text;
  const milliseconds = text.length > 22 ? text.slice(20, -3).padEnd(3, '0').slice(0, 3) : '000';
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds}Z`;
};

const int8 = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} does not fit a number`);
  return value;
};

const parsers = new Map<number, (text: string) => unknown>([
  [types.builtins.INT8, int8],
  [types.builtins.TIMESTAMPTZ, rfc3339],
]);

/** `bigint` as number, `timestamptz` as RFC 3339 with milliseconds: for a service's own pools, not for the whole process. */
export const rowTypes = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    (format === 'binary' ? undefined : parsers.get(oid)) ?? types.getTypeParser(oid, format as 'text'),
};

/**
 * The `options` of a service's sessions: its schema, and limits without which a frozen process would block a shard's head without end; no
 * statement of ours is meant to come near them.
 */
export const sessionOptions = (schema: string): string =>
  [
    `search_path=${escapeIdentifier(schema)}`,
    'TimeZone=UTC',
    'idle_in_transaction_session_timeout=5000',
    'lock_timeout=3000',
    'statement_timeout=10000',
    'tcp_keepalives_idle=10',
    // Plans of prepared statements outlive the moment when a table was small; short statements never gain from compilation.
    'enable_seqscan=off',
    'jit=off',
    // Planned once a session: with custom plans `append_events` took 5.5 instead of 3.0 ms for one event.
    'plan_cache_mode=force_generic_plan',
  ]
    .map((setting) => `-c ${setting}`)
    .join(' ');

/**
 * Ends when its connections are closed: pg-pool's own `end` only asks them to, and a database dropped or a server stopped right after it
 * would end them with an error that nobody waits for.
 */
class SessionPool extends Pool {
  readonly #closed = new Set<Promise<void>>();

  constructor(config: PoolConfig) {
    super(config);
    this.on('connect', (client) => {
      const closed = new Promise<void>((resolve) => client.once('end', resolve)).then(() => void this.#closed.delete(closed));
      this.#closed.add(closed);
    });
  }

  override async end(): Promise<void> {
    await super.end();
    await Promise.all(this.#closed);
  }
}

/**
 * A pool of sessions on a service's schema. Queries of one client go out without waiting for each other (pipelined), in order, unless it is
 * for COPY, which pg does not let into a pipeline.
 */
export const openPool = (connectionString: string, schema: string, name: string, max: number, onError: (error: unknown) => void, { pipeline = true } = {}): Pool => {
  const url = new URL(connectionString);
  // Options in the URL win over options beside it: so they are joined.
  url.searchParams.set('options', `${url.searchParams.get('options') ?? ''} ${sessionOptions(schema)}`.trim());
  const pool = new SessionPool({
    connectionString: url.toString(),
    application_name: name,
    max,
    pipeline,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    types: rowTypes,
    Client: SessionClient,
  });
  // The server ends the session of a process that stood still in a transaction. Nobody may be waiting for a statement then: without a
  // listener of its own the connection would end the process, and with one the transaction fails with its next statement.
  pool.on('connect', (client) => client.on('error', onError));
  // An idle connection that breaks (a restart of the server) leaves the pool by itself; its listener has told it.
  pool.on('error', () => undefined);
  return pool;
};

const names = new Map<string, string>();
const namesMax = 500;

/** One name for each text, so that a session parses and plans a statement once. Texts built at run time would fill it: then without a name. */
const nameOf = (text: string): string | undefined => {
  const known = names.get(text);
  if (known !== undefined || names.size >= namesMax) return known;
  const name = `s${names.size}`;
  names.set(text, name);
  return name;
};

const isPlainText = (value: unknown): boolean => typeof value === 'string' && !/["\\]/.test(value);

/**
 * A list as PostgreSQL reads one, or the list itself, for pg to write. pg quotes and escapes element by element, numbers too, and adds up the text
 * piece by piece: that was 9 % of all that the warehouse service allocated for an order's life.
 */
const written = (value: unknown): unknown => {
  if (!Array.isArray(value)) return value;
  if (value.every((element) => typeof element === 'number')) return `{${value.join(',')}}`;
  return value.every(isPlainText) ? `{"${value.join('","')}"}` : value;
};

/** Runs a statement prepared: a name of its own for each text. */
export const runPrepared = <Row extends object>(runner: Pool | PoolClient, text: string, values: readonly unknown[]): Promise<QueryResult<Row>> => {
  const name = nameOf(text);
  return runner.query<Row>({ text, values: values.map(written), ...(name === undefined ? {} : { name }) });
};

/** A pool or client as `SqlExecutor`; statements with values are prepared once a session. */
export const executorOf = (runner: Pool | PoolClient): SqlExecutor => ({
  query: async <Row>(sql: string, values?: readonly unknown[]) => {
    const { rows, rowCount } = values === undefined ? await runner.query(sql) : await runPrepared(runner, sql, values);
    return { rows: rows as Row[], rowCount };
  },
});
