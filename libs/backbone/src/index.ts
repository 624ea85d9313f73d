export { backboneConfig, type BackboneConfig, type ServiceConfig } from './backbone-config.js';
export { BackboneModule } from './backbone.module.js';
export { copy, type BackboneDefinition, type Copy, type Wiring } from './definition.js';
export { migrateService, serviceMigrations } from './migrate-service.js';
export type { BackboneStatus } from './status.js';
export { COPIES, COPIES_ARE_READ, COPY_IS_CURRENT, DATA_SOURCE, EVENT_LOG, KAFKA, PARKED, PROJECTIONS, SQL, STATUS } from './tokens.js';
export { backgroundStep, takeTurns, type Turns } from './turns.js';
