import { fileURLToPath } from 'node:url';
import type { System, startSystem } from './system.js';

/**
 * `startSystem` of the built tree. The processes of a system run from `dist/`; a test, which runs from the sources, must therefore start it from there.
 * `npm test` builds first.
 */
export const startBuiltSystem: typeof startSystem = async (options): Promise<System> => {
  const built = new URL('../../dist/tools/system/system.js', import.meta.url);
  const module = (await import(fileURLToPath(built))) as { startSystem: typeof startSystem };
  return module.startSystem(options);
};
