import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { services, type ServiceName } from '@orderlog/contracts';
import { counter, createHealth, type Health, type Logger, type Telemetry } from '@orderlog/observability';
import type { Pool } from 'undici';
import { forward, upstream } from './forward.js';
import { targetOf } from './routes.js';

const headerBytesMax = 16 * 1024;
const requestMs = 15_000;
const keepAliveMs = 65_000;
const drainMs = 5_000;

/** A front door that is open. */
export type FrontDoor = { readonly url: string; readonly health: Health; readonly stop: () => Promise<void> };

const index = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Orderlog</title></head>
<body><h1>Orderlog</h1><ul>
${services.map((service) => `<li><a href="/${service}/docs">${service}</a> (<a href="/${service}/openapi.json">openapi.json</a>)</li>`).join('\n')}
</ul></body></html>
`;

const problem = (response: ServerResponse, status: number, slug: string, title: string): void => {
  const headers = { 'content-type': 'application/problem+json; charset=utf-8', ...(status === 503 ? { 'retry-after': '1' } : {}) };
  response.writeHead(status, headers).end(JSON.stringify({ type: `urn:orderlog:problem:${slug}`, title, status }));
};

const clientProblems: Readonly<Record<string, readonly [status: number, slug: string, title: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'headers-too-large', 'The headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'request-timeout', 'The request came too slowly'],
};

/** Answers what came over a connection and is no request, by hand. */
const answerClientError = (error: Error & { readonly code?: string }, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, slug, title] = clientProblems[error.code ?? ''] ?? [400, 'bad-request', 'The request is not valid'];
  const body = JSON.stringify({ type: `urn:orderlog:problem:${slug}`, title, status });
  socket.end(`HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
};

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

type Inside = { readonly health: Health; readonly telemetry: Telemetry | undefined };

/** What the door answers by itself. */
const own = async (path: string, request: IncomingMessage, response: ServerResponse, { health, telemetry }: Inside): Promise<void> => {
  if (path === '/healthz') json(response, 200, health.liveness());
  else if (path === '/readyz') {
    const readiness = await health.readiness();
    json(response, readiness.ready ? 200 : 503, readiness);
  } else if (path === '/metrics' && telemetry !== undefined) telemetry.serveMetrics(request, response);
  else if (path === '/' || path === '/docs') response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(index);
  else problem(response, 404, 'not-found', 'There is nothing here');
};

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    const limit = setTimeout(() => server.closeAllConnections(), drainMs);
    server.close(() => {
      clearTimeout(limit);
      resolve();
    });
    server.closeIdleConnections();
  });

/** Opens one public address for the five services, split by path. Adds nothing to a request or an answer. */
export const openFrontDoor = async (options: {
  readonly host: string;
  readonly port: number;
  readonly services: Readonly<Record<ServiceName, string>>;
  readonly log: Logger;
  readonly telemetry?: Telemetry;
}): Promise<FrontDoor> => {
  const { log, telemetry } = options;
  const health = createHealth();
  const answers = counter('front_door_answers_total', 'Answers handed on, by the service they came from and class of status');
  const pools = Object.fromEntries(services.map((service) => [service, upstream(options.services[service])])) as Record<ServiceName, Pool>;
  const server = createServer({ maxHeaderSize: headerBytesMax, requestTimeout: requestMs, keepAliveTimeout: keepAliveMs }, (request, response) => {
    if (health.isDraining()) response.setHeader('connection', 'close');
    const url = request.url ?? '/';
    const target = targetOf(url);
    if (target === undefined) {
      void own(url.split('?', 1)[0] ?? '/', request, response, { health, telemetry });
      return;
    }
    const { service, path } = target;
    forward(pools[service], path, request, response, (error) => {
      if (error === undefined) answers.add(1, { upstream: service, status: `${Math.trunc(response.statusCode / 100)}xx` });
      else if (response.headersSent || response.destroyed) response.destroy();
      else {
        answers.add(1, { upstream: service, status: 'none' });
        log.warn({ service, reason: error.message }, 'a service did not answer');
        problem(response, 503, 'unavailable', `The ${service} service does not answer`);
      }
    });
  });
  server.on('clientError', answerClientError);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://${options.host}:${port}`,
    health,
    stop: async () => {
      health.drain();
      await closed(server);
      await Promise.all(Object.values(pools).map((pool) => pool.destroy()));
      health.close();
      await telemetry?.shutdown();
    },
  };
};
