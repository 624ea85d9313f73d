import { backboneConfig, type BackboneConfig, type ServiceConfig } from '@orderlog/backbone';
import type { Environment } from '@orderlog/edge';

/** CONFIG of routing. */
export type RoutingConfig = ServiceConfig;

/** Reads and checks the environment. */
export const readConfig = (env: Environment): BackboneConfig => backboneConfig(env, 'routing');
