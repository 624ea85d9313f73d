import { Agent, request } from 'undici';
import type { Connection } from './connection.js';

/** An RFC 9457 problem as the services answer it. */
export type ProblemBody = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
};

/** One line; what the detail says is not said again for its field. */
const wordsOf = ({ title, detail, errors = [] }: ProblemBody): string => {
  const said = detail ?? title;
  return [said, ...errors.map(({ pointer, message }) => (message === said ? pointer : `${pointer}: ${message}`))].filter((part) => part !== '').join('; ');
};

/** The service answered, but with a problem. */
export class ProblemAnswer extends Error {
  constructor(
    readonly status: number,
    readonly problem: ProblemBody | undefined,
  ) {
    super(problem === undefined ? `HTTP ${status}` : wordsOf(problem));
  }

  /** Nobody refused anything: a part of Orderlog is down or full. */
  get isOutage(): boolean {
    return this.status >= 502;
  }
}

/** Nobody answered. */
export class Unreachable extends Error {
  constructor(url: string, cause: unknown) {
    super(`${url} does not answer (${cause instanceof Error ? cause.message : String(cause)}): is Orderlog running?`, { cause });
  }
}

/** What came back. */
export type Answer<T> = { readonly status: number; readonly body: T; readonly headers: Readonly<Record<string, string | string[] | undefined>> };

/** Calls the public HTTP API; keeps up to `connections` open. */
export const apiClient = (connection: Pick<Connection, 'baseUrl' | 'apiKey'>, options: { readonly connections?: number } = {}) => {
  const agent = new Agent({ connections: options.connections ?? 8, keepAliveTimeout: 30_000, bodyTimeout: 30_000, headersTimeout: 30_000 });
  const call = async <T = unknown>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<T>> => {
    const url = new URL(path, connection.baseUrl);
    const answer = await request(url, {
      dispatcher: agent,
      method,
      headers: {
        authorization: `Bearer ${connection.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new Unreachable(connection.baseUrl, error);
    });
    const text = await answer.body.text();
    const isJson = String(answer.headers['content-type'] ?? '').includes('json');
    const parsed: unknown = isJson && text !== '' ? JSON.parse(text) : text;
    if (answer.statusCode >= 400) throw new ProblemAnswer(answer.statusCode, isJson ? (parsed as ProblemBody) : undefined);
    return { status: answer.statusCode, body: parsed as T, headers: answer.headers };
  };
  return { call, close: () => agent.close() };
};

/** See `apiClient`. */
export type ApiClient = ReturnType<typeof apiClient>;
