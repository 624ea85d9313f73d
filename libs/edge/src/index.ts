export { Public, Roles, ServicesOnly } from './access.js';
export type { EdgeConfig } from './edge-config.js';
export { environment, EnvironmentError, type Environment, type Variables } from './environment.js';
export {
  CountryCode,
  Currency,
  Day,
  DecimalText,
  Email,
  FreeForm,
  Id,
  idForm,
  Instant,
  ListOf,
  Locale,
  Matching,
  MinorUnits,
  Nested,
  NestedList,
  NumberBetween,
  OneOf,
  Phone,
  Sku,
  skuForm,
  Text,
  TextList,
  TextMap,
  Truth,
  WholeNumber,
  type FieldOptions,
} from './fields.js';
export type { GrpcServer, GrpcServices } from './grpc-services.js';
export type { ApiKey, Identity, Role } from './identity.js';
export type { Lifecycle, LifecycleStep } from './lifecycle.js';
export { Operation, type DescribedAnswer, type OperationText } from './operation.js';
export { decodeCursor, encodeCursor, pageOf, pageSize, type CursorPart, type Page } from './paging.js';
export { StreamParked } from './problem-of.js';
export { found, Problem, problems, refusalToProblem, type FieldError, type ProblemDetails, type ProblemKind, type RefusalTable } from './problem.js';
export { checkedIdempotencyKey, contextOf, contextOfCall, idempotencyKeyOf, identityOf, rawBodyOf, type ContextDetails } from './request.js';
export { BodyLimit, KeepRawBody } from './route-options.js';
export { bringUp, startService, type ServiceOptions, type StartedService } from './start-service.js';
export { API_KEYS, CONFIG, GRPC_SERVICES, HEALTH, LIFECYCLE, LOGGER, SERVICE_NAME } from './tokens.js';
export { validate, validated, validatedQuery } from './validated.js';
