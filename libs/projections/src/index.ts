export { compareWithRebuild, type RebuildComparison, type TableDifference } from './compare-with-rebuild.js';
export { digestOf } from './digest.js';
export { projection, projectionMigrations, type Projection } from './projection.js';
export { recordProof, type Proof } from './proofs.js';
export { NoSuchVersion, openProjectionOwner, type OwnedProjection, type ProjectionOwner, type RebuildProgress, type SwitchOutcome } from './rebuild-beside.js';
export { createProjections, type ProjectionLag, type Projections, type ProjectionsOptions, type ProjectionStatus } from './runner.js';
export { type ProjectionVersion, type VersionState } from './versions.js';
