/** Injection tokens of what the edge provides to every module of a service. */

/** The service's name (`ServiceName`). */
export const SERVICE_NAME = Symbol('orderlog:service-name');
/** What the environment said, checked: `EdgeConfig` and what the service's own `config` added. */
export const CONFIG = Symbol('orderlog:config');
/** The `Health` registry of the service. */
export const HEALTH = Symbol('orderlog:health');
/** The pino `Logger` of the service. */
export const LOGGER = Symbol('orderlog:logger');
/** The `Lifecycle`: what is started after the edge and stopped before it. */
export const LIFECYCLE = Symbol('orderlog:lifecycle');
/** The `GrpcServices` beside the Nest controllers' own. */
export const GRPC_SERVICES = Symbol('orderlog:grpc-services');
/** The `ApiKeys` of the service. */
export const API_KEYS = Symbol('orderlog:api-keys');
