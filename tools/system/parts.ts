import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '@orderlog/contracts';
import { rememberedPorts, rememberPorts } from '../local-stack/data-folder.js';
import { freePort } from '../local-stack/ports.js';
import { fileError } from '../local-stack/stack-error.js';

/** The processes of a local system beside PostgreSQL and Kafka. */
export type PartName = ServiceName | 'front-door' | 'carrier';

const root = fileURLToPath(new URL('../../', import.meta.url));
const entry: Record<PartName, string> = {
  order: 'services/order/main.js',
  inventory: 'services/inventory/main.js',
  routing: 'services/routing/main.js',
  warehouse: 'services/warehouse/main.js',
  shipping: 'services/shipping/main.js',
  'front-door': 'tools/front-door/main.js',
  carrier: 'tools/carrier/main.js',
};
/** All of them, in the order in which they are started. */
export const parts = Object.keys(entry) as PartName[];
// A bound, because without one V8 lets garbage pile up to several times what a service needs before it looks; a wide one, because V8 marks
// the whole heap the more often the smaller the bound is: with 256 MB and semi-spaces of 8 MB the order service spent a fifth of its time on
// garbage. Growth is set, because of itself V8 marks again after 1.4-fold; doubling took the five services to 1.9 GB.
// Source maps (inline in dist/) are left to debuggers: reading them costs 24 MB a process.
const nodeFlags = ['--max-old-space-size=512', '--heap-growing-percent=60'];
// MB of V8's young space, of which a process holds up to three times this. What is still in use when it is full is copied: with 512 requests
// under way 16 MB cost the order service a fifth of its time (1,570 orders a second accepted, with 32 MB 2,090, with 64 MB 2,000), and the two
// services with the least to do take the same with 8.
const youngMb: Record<PartName, number> = { order: 32, inventory: 8, routing: 8, warehouse: 16, shipping: 16, 'front-door': 16, carrier: 16 };

/** Does the part at this address say that it is ready? */
export const isReady = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    // Nobody listens yet: that is what is being waited for.
    return false;
  }
};

/** Where the pid of a part is kept. */
export const pidFileOf = (dataDir: string, part: PartName): string => join(dataDir, `${part}.pid.json`);

/** What only this part's command line holds, also when another checkout started it: by it a left-over process is known. */
export const markOf = (dataDir: string, part: PartName): string => `${entry[part]} ${resolve(dataDir)}`;

/** Node's arguments. The folder at the end is read by nobody but whoever looks at the processes: a person, and the next launcher. */
export const argumentsOf = (dataDir: string, part: PartName): readonly string[] => [...nodeFlags, `--max-semi-space-size=${youngMb[part]}`, join(root, entry[part]), resolve(dataDir)];

/** The one that was asked for, else the one of last time where it is free: bookmarks and tracking links go on working. */
export const publicPort = async (dataDir: string, asked: number | undefined): Promise<number> => {
  const file = join(dataDir, 'front-door.port.json');
  const port = asked ?? (await freePort(rememberedPorts(file)[0]));
  rememberPorts(file, [port]);
  return port;
};

/** Deletes what a system keeps beside its database and its broker: secrets, addresses, the carrier's notebook, letters. */
export const removeSystemFiles = (dataDir: string): void => {
  for (const name of ['secrets.json', 'system.json', 'carrier.json', 'front-door.json', 'letters', 'example-order.json']) {
    const path = join(dataDir, name);
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      throw fileError(error, path);
    }
  }
};
