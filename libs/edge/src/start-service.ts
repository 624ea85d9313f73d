import 'reflect-metadata';
import { createServer } from 'node:net';
import type { ServerOptions } from '@grpc/grpc-js';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHealth, logger, type Logger, type Telemetry } from '@orderlog/observability';
import type { FastifyInstance } from 'fastify';
import { edgeConfig, type EdgeConfig } from './edge-config.js';
import { EdgeModule, type EdgeParts } from './edge.module.js';
import { environment, EnvironmentError, type Environment, type Variables } from './environment.js';
import { createGrpcServices, type GrpcServer } from './grpc-services.js';
import { traceCalls } from './grpc-tracing.js';
import { httpServer } from './http-server.js';
import { apiKeys } from './identity.js';
import { createLifecycle } from './lifecycle.js';
import { nestLogger } from './nest-logger.js';
import { serveDocs } from './docs.js';
import { ProblemFilter } from './problem-filter.js';

/** What a service's `main.ts` says. */
export type ServiceOptions = {
  readonly name: string;
  readonly module: Type | DynamicModule;
  /** Reads the service's own variables; what it answers is injectable as CONFIG together with the edge's part. */
  readonly config?: (env: Environment) => object;
  /** Packages served by Nest controllers (`@GrpcMethod`), with the files they are in. */
  readonly grpc?: { readonly packages: readonly string[]; readonly protoPaths: readonly string[]; readonly includeDirs?: readonly string[] };
  readonly telemetry?: Telemetry;
  /** For tests; else the process's. */
  readonly variables?: Variables;
};

/** A service that is up and ready. */
export type StartedService = {
  readonly name: string;
  readonly url: string;
  /** host:port */
  readonly grpcAddress: string;
  readonly app: NestFastifyApplication;
  /** Unready, no new work, drain, close; within ten seconds. */
  readonly stop: () => Promise<void>;
};

const drainMs = 4_000;

const freePort = (host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no free port'))));
    });
  });

/** Resolves when the promise does, but not later than this. */
const within = async (promise: Promise<unknown>, ms: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    promise,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    }),
  ]);
  clearTimeout(timer);
};

/** Nest hands its channel options to the server as they are, but types them as a client's. */
const serverOptions = (options: ServerOptions): object => options;

const startGrpc = async (app: NestFastifyApplication, options: ServiceOptions, parts: EdgeParts): Promise<string> => {
  const { host, grpcPort } = parts.config;
  const address = `${host}:${grpcPort === 0 ? await freePort(host) : grpcPort}`;
  const { packages = [], protoPaths = [], includeDirs = [] } = options.grpc ?? {};
  const { installGrpcExtras } = await import('./grpc-extras.js');
  app.connectMicroservice<MicroserviceOptions>(
    {
      transport: Transport.GRPC,
      options: {
        url: address,
        package: [...packages],
        ...(protoPaths.length === 0 ? { packageDefinition: {} } : { protoPath: [...protoPaths] }),
        // int64 as text and enums by name: what a JSON client of the same message would see.
        loader: { keepCase: false, longs: String, enums: String, defaults: true, arrays: true, oneofs: true, includeDirs: [...includeDirs] },
        gracefulShutdown: true,
        ...(options.telemetry?.tracing === true ? { channelOptions: serverOptions({ interceptors: [traceCalls] }) } : {}),
        maxReceiveMessageLength: 4 * 1024 * 1024,
        onLoadPackageDefinition: (definition: object, server: GrpcServer) => {
          const stopExtras = installGrpcExtras(definition, server, parts.health);
          parts.lifecycle.add({ name: 'gRPC health', start: async () => undefined, stop: async () => stopExtras() });
          parts.grpcServices.install(server);
        },
      },
    },
    { inheritAppConfig: true },
  );
  await app.startAllMicroservices();
  return address;
};

const closeHttp = (server: FastifyInstance): Promise<void> =>
  new Promise((resolve) => {
    server.server.close(() => resolve());
    server.server.closeIdleConnections();
  });

const stopService = async (app: NestFastifyApplication, server: FastifyInstance, parts: EdgeParts, telemetry: Telemetry | undefined): Promise<void> => {
  parts.health.drain();
  await within(closeHttp(server), drainMs);
  await parts.lifecycle.stop();
  server.server.closeAllConnections();
  await within(app.close(), drainMs);
  parts.health.close();
  await telemetry?.shutdown();
};

const readConfig = (options: ServiceOptions): EdgeConfig => {
  const env = environment(options.variables ?? process.env);
  const config = { ...edgeConfig(env), ...options.config?.(env) };
  env.done();
  return config;
};

const partsOf = (name: string, config: EdgeConfig): EdgeParts => {
  const log = logger(name);
  return {
    name,
    config,
    log,
    health: createHealth(),
    lifecycle: createLifecycle(log),
    grpcServices: createGrpcServices(),
    apiKeys: apiKeys(config.apiKeys),
    filter: new ProblemFilter(log),
  };
};

/** Brings a service up: providers (the log opens there), gRPC, HTTP, then the lifecycle's steps in order. Resolves when it is ready. */
export const bringUp = async (options: ServiceOptions): Promise<StartedService> => {
  const parts = partsOf(options.name, readConfig(options));
  const { config, log, lifecycle, health } = parts;
  let starting = true;
  health.add('start', () => (starting ? 'still starting' : undefined));
  const server = httpServer({ health, log, telemetry: options.telemetry, filter: parts.filter });
  const app = await NestFactory.create<NestFastifyApplication>(EdgeModule.around(options.module, parts), new FastifyAdapter(server), {
    logger: nestLogger(log),
    bodyParser: false,
    abortOnError: false,
    forceCloseConnections: false,
  });
  const stop = (): Promise<void> => stopService(app, server, parts, options.telemetry);
  try {
    const grpcAddress = await startGrpc(app, options, parts);
    serveDocs(server, app, options.name);
    await app.listen(config.port, config.host);
    await lifecycle.start(app);
    starting = false;
    return { name: options.name, url: `http://${config.host}:${portOf(server)}`, grpcAddress, app, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

const portOf = (server: FastifyInstance): number => {
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

const exitMs = 9_500;

/** One that is still starting is stopped as soon as it is up: what it has answered meanwhile is finished as well. */
const stopOnSignals = (starting: Promise<StartedService>, log: Logger): void => {
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => {
      log.error('did not stop in time');
      process.exit(1);
    }, exitMs).unref();
    log.info({ signal }, 'stopping');
    void starting.then((service) => service.stop()).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'did not stop in good order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('disconnect', () => stop('disconnect'));
};

/**
 * What the `main.ts` of a service calls: `bringUp`, the ready line, a good end on SIGTERM. A wrong environment is told in one message and ends
 * the process with code 2; a start that fails otherwise, with code 1.
 */
export const startService = async (options: ServiceOptions): Promise<StartedService> => {
  const log = logger(options.name);
  try {
    const starting = bringUp(options);
    stopOnSignals(starting, log);
    const service = await starting;
    log.info({ url: service.url, grpc: service.grpcAddress, rssMb: Math.round(process.memoryUsage.rss() / 1e6) }, 'ready');
    return service;
  } catch (error) {
    if (error instanceof EnvironmentError) log.fatal({ faults: error.faults }, error.message);
    else log.fatal({ err: error }, 'could not start');
    return process.exit(error instanceof EnvironmentError ? 2 : 1);
  }
};
