import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { dashboardFile, dashboardJson } from './dashboard.js';

// Run at the root of the repository.
mkdirSync(dirname(resolve(dashboardFile)), { recursive: true });
writeFileSync(resolve(dashboardFile), dashboardJson());
console.log(dashboardFile);
