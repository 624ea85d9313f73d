import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';

/** The least a part needs to add a service of its own to the gRPC server. A `grpc-js` server fits. */
export type GrpcServer = { addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void };

/** gRPC services that are not Nest controllers (the log reader); added to the same server before it takes calls. */
export type GrpcServices = {
  readonly add: (install: (server: GrpcServer) => void) => void;
  readonly install: (server: GrpcServer) => void;
};

/** The registry of one service. */
export const createGrpcServices = (): GrpcServices => {
  const installs: ((server: GrpcServer) => void)[] = [];
  return {
    add: (install) => void installs.push(install),
    install: (server) => {
      for (const install of installs) install(server);
    },
  };
};
