import type { DynamicModule, ModuleMetadata, Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import type { Health, Logger } from '@orderlog/observability';
import type { EdgeConfig } from './edge-config.js';
import type { GrpcServices } from './grpc-services.js';
import { AccessGuard } from './guard.js';
import type { ApiKeys } from './identity.js';
import type { Lifecycle } from './lifecycle.js';
import { ProblemFilter } from './problem-filter.js';
import { API_KEYS, CONFIG, GRPC_SERVICES, HEALTH, LIFECYCLE, LOGGER, SERVICE_NAME } from './tokens.js';

/** What the edge makes before Nest and hands to it. */
export type EdgeParts = {
  readonly name: string;
  readonly config: EdgeConfig;
  readonly health: Health;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
  readonly grpcServices: GrpcServices;
  readonly apiKeys: ApiKeys;
  readonly filter: ProblemFilter;
};

/** The outermost module of every service: what all of them share at their edges, and the service's own module within. */
export class EdgeModule {
  /** Wraps a service's module. */
  static around(module: Type | DynamicModule, parts: EdgeParts): DynamicModule {
    const provided: ModuleMetadata['providers'] = [
      { provide: SERVICE_NAME, useValue: parts.name },
      { provide: CONFIG, useValue: parts.config },
      { provide: HEALTH, useValue: parts.health },
      { provide: LOGGER, useValue: parts.log },
      { provide: LIFECYCLE, useValue: parts.lifecycle },
      { provide: GRPC_SERVICES, useValue: parts.grpcServices },
      { provide: API_KEYS, useValue: parts.apiKeys },
    ];
    return {
      module: EdgeModule,
      global: true,
      imports: [module],
      providers: [
        ...provided,
        { provide: APP_GUARD, useValue: new AccessGuard(parts.apiKeys, parts.config.serviceToken) },
        { provide: APP_FILTER, useValue: parts.filter },
      ],
      exports: [SERVICE_NAME, CONFIG, HEALTH, LOGGER, LIFECYCLE, GRPC_SERVICES, API_KEYS],
    };
  }
}
