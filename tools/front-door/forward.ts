import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';

/** Idle connections are let go before the services (65 s) do it: a request never meets a connection that is just being closed. */
const keepAliveMs = 55_000;
/** A little more than the services give themselves. */
const answerMs = 15_000;

// RFC 9110 7.6.1: these are about one connection and end here.
const hopByHop = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect']);

/** Keep-alive connections to one service. */
export const upstream = (origin: string): Pool =>
  new Pool(origin, { connections: 256, pipelining: 1, keepAliveTimeout: keepAliveMs, keepAliveMaxTimeout: keepAliveMs, headersTimeout: answerMs, bodyTimeout: answerMs });

const requestHeaders = ({ rawHeaders }: IncomingMessage): string[] => {
  const headers: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (!hopByHop.has(name.toLowerCase())) headers.push(name, value);
  }
  return headers;
};

const hasBody = ({ headers }: IncomingMessage): boolean => headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/** An answer on its way through; everything is handed on as it comes. */
const handler = (response: ServerResponse, done: (error?: Error) => void): Dispatcher.DispatchHandler => ({
  onRequestStart: (controller) => {
    // The caller went away: the service need not finish its answer.
    response.once('close', () => {
      if (!response.writableEnded) controller.abort(new Error('the caller went away'));
    });
    response.on('drain', () => controller.resume());
  },
  onResponseStart: (_controller, status, headers, message) => {
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined && !hopByHop.has(name)) response.setHeader(name, value);
    }
    response.writeHead(status, message);
  },
  onResponseData: (controller, chunk) => {
    if (!response.write(chunk)) controller.pause();
  },
  onResponseEnd: () => {
    response.end();
    done();
  },
  onResponseError: (_controller, error) => done(error),
});

/** Bodies up to here have arrived before anybody could refuse them. */
const smallBytes = 16 * 1024;

/**
 * The body of a request. A larger one goes through a stream of its own: when a service answers before it has read everything (413),
 * undici destroys what it reads from, and that must not be the caller's connection.
 */
const bodyOf = (request: IncomingMessage): Readable | null => {
  if (!hasBody(request)) return null;
  return Number(request.headers['content-length']) <= smallBytes ? request : request.pipe(new PassThrough());
};

/** Sends a request on to a service and its answer back. Nothing is retried: only the caller knows whether it may be. */
export const forward = (pool: Pool, path: string, request: IncomingMessage, response: ServerResponse, done: (error?: Error) => void): void => {
  const options: Dispatcher.DispatchOptions = {
    method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
    path,
    headers: requestHeaders(request),
    body: bodyOf(request),
  };
  // What nobody wanted is read all the same: the next request of this connection comes after it.
  response.once('finish', () => {
    if (!request.complete) request.unpipe().resume();
  });
  try {
    pool.dispatch(options, handler(response, done));
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)));
  }
};
