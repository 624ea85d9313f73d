import { randomUUID } from 'node:crypto';
import { beginWork, durations, endWork, within, type Health, type Logger, type Telemetry } from '@orderlog/observability';
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';
import { answerClientError } from './client-error.js';
import type { ProblemFilter } from './problem-filter.js';
import { Problem, problems } from './problem.js';
import type { EdgeRequest } from './request.js';
import type { RouteOptions } from './route-options.js';

const bodyBytesMax = 256 * 1024;
const headerBytesMax = 16 * 1024;
const requestMs = 10_000;
const keepAliveMs = 65_000;
/** A request that took longer is worth a line. */
const slowMs = 1_000;

const requestIdForm = /^[A-Za-z0-9._-]{1,64}$/;

/** The caller's request id, if it is one that can be repeated safely, else a new one. */
const requestIdOf = (request: { readonly headers: Readonly<Record<string, string | string[] | undefined>> }): string => {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && requestIdForm.test(given) ? given : randomUUID();
};

const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unknown';

const optionsOf = (config: unknown): RouteOptions => (typeof config === 'object' && config !== null ? config : {});

/** JSON only. An empty body counts as none, so that a POST without one needs no special header. */
const readJson = (server: FastifyInstance): void => {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = typeof body === 'string' ? body : body.toString('utf8');
    if (optionsOf(request.routeOptions.config).keepRawBody === true) (request as EdgeRequest).rawBody = text;
    if (text === '') done(null, undefined);
    else void parse(request, text, (error, value) => (error === null ? done(null, value) : done(new Problem(problems.malformedJson, { cause: error }))));
  });
};

/** Trace, duration and request id of every request; a line only for the slow ones. */
const observe = (server: FastifyInstance, health: Health, log: Logger): void => {
  const seconds = durations('http_server_request_duration_seconds', 'Duration of HTTP requests by route, method and status');
  server.addHook('onRequest', (request, reply, done) => {
    const given = request.headers['traceparent'];
    (request as EdgeRequest).work = beginWork(request.method, 'server', typeof given === 'string' ? given : undefined);
    reply.header('x-request-id', request.id);
    if (health.isDraining()) reply.header('connection', 'close');
    // Nothing that is stored has a NUL in its name, and PostgreSQL takes none: not even looked up.
    done(request.url.includes('%00') ? new Problem(problems.badRequest, { detail: 'The address has a NUL in it.', errors: [{ pointer: '', message: 'has a NUL in it' }] }) : undefined);
  });
  // After the body was read: reading it leaves the asynchronous context of the hook before.
  server.addHook('preHandler', (request, _reply, done) => {
    const { work } = request as EdgeRequest;
    if (work?.span === undefined) done();
    else {
      work.span.updateName(`${request.method} ${routeOf(request)}`).setAttributes({ 'http.request.method': request.method, 'http.route': routeOf(request) });
      within(work, done);
    }
  });
  server.addHook('onResponse', (request, reply, done) => {
    const { work } = request as EdgeRequest;
    const labels = { route: routeOf(request), method: request.method, status: String(reply.statusCode) };
    seconds.record(reply.elapsedTime / 1_000, labels);
    work?.span?.setAttribute('http.response.status_code', reply.statusCode);
    if (work !== undefined) endWork(work, reply.statusCode >= 500 ? new Error('server error') : undefined);
    if (reply.elapsedTime > slowMs) log.warn({ ...labels, requestId: request.id, ms: Math.round(reply.elapsedTime) }, 'a slow request');
    done();
  });
};

/** `/healthz`, `/readyz` and `/metrics`: for whoever runs the service, without a key. */
const report = (server: FastifyInstance, health: Health, telemetry: Telemetry | undefined): void => {
  server.get('/healthz', (_request, reply) => void reply.send(health.liveness()));
  server.get('/readyz', async (_request, reply) => {
    const readiness = await health.readiness();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  server.get('/metrics', (request, reply) => {
    if (telemetry === undefined) void reply.code(404).send();
    else {
      reply.hijack();
      telemetry.serveMetrics(request.raw, reply.raw);
    }
  });
};

/** The HTTP server of a service, before Nest adds its routes. */
export const httpServer = (parts: {
  readonly health: Health;
  readonly log: Logger;
  readonly telemetry: Telemetry | undefined;
  readonly filter: ProblemFilter;
}): FastifyInstance => {
  const server = fastify({
    bodyLimit: bodyBytesMax,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    genReqId: requestIdOf,
    requestIdHeader: false,
    forceCloseConnections: 'idle',
    logger: false,
    routerOptions: { maxParamLength: 200 },
    // An address that cannot be decoded reaches no route, and so no filter of Nest's.
    frameworkErrors: (error, request, reply) =>
      parts.filter.answer(error.statusCode === 400 ? new Problem(problems.badRequest, { detail: 'The address cannot be decoded.', cause: error }) : error, request, reply),
    clientErrorHandler: answerClientError,
    http: { maxHeaderSize: headerBytesMax },
  });
  readJson(server);
  server.addHook('onRoute', (route) => {
    const { bodyLimit } = optionsOf(route.config);
    if (bodyLimit !== undefined) route.bodyLimit = bodyLimit;
  });
  observe(server, parts.health, parts.log);
  report(server, parts.health, parts.telemetry);
  return server;
};
