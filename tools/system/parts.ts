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
// garbage. Source maps are left to debuggers: reading them costs 24 MB a process.
const oldMbUsual = 512;
type Heap = {
  /** MB that the old space may have at most: beyond them V8 gives up. */
  readonly oldMb: number;
  /** MB of V8's young space, of which a process holds up to three times this. What is still in use when it is full is copied. */
  readonly youngMb: number;
  /** By how much the old space may grow before V8 marks it again. V8's own choice is 40. */
  readonly growingPercent: number;
};
const quiet: Heap = { oldMb: oldMbUsual, youngMb: 8, growingPercent: 100 };
const busy: Heap = { oldMb: oldMbUsual, youngMb: 12, growingPercent: 100 };
const beside: Heap = { oldMb: oldMbUsual, youngMb: 16, growingPercent: 60 };
// The order service is given most, because with hundreds of requests under way it holds much for a short time, and what is still held when the
// young space is full is copied twice and then marked: at half load it is p99 that pays. With 90 MB in use, young space of 80 and growth of
// 60 %: 74 to 127 ms; 64 and 200 %: 60 to 76 ms (one run) and 75 MB less. With 200 % and a bound of 512 MB
// the process grew by 28 MB in the 13th minute of steady load; with 400 %, more than V8's heap controller grants (at most half way from what is in use to the
// bound), and 448 MB it did not (one run of 20 minutes each). For the four others 100 % instead
// of 60 costs 85 MB in all and saves 3 % of the five services' CPU a life (compared with PostgreSQL's in the same run). With 60 % and 16 and 24 MB
// of young space it was the same for 120 MB. All five together take 1,547 MB after five rounds of 5,000 lives; 1.6 GB is their limit.
const heapOf: Record<PartName, Heap> = {
  order: { oldMb: 448, youngMb: 64, growingPercent: 400 },
  inventory: quiet,
  routing: quiet,
  warehouse: busy,
  shipping: busy,
  'front-door': beside,
  carrier: beside,
};

// Node's own choice is four, and that in each process: marking in them takes the cores from whoever works. Accepting at half load on two cores had a
// p99 of 105 to 164 ms with four and of 43 to 103 ms with one (four rounds each, in turn).
const helperThreads = 1;

/**
 * V8 makes objects in its old space at once where most that came from the same line outlived a young collection. Of a service nearly everything is
 * under way for the tenth of a second that a commit, a relay and a read model take, and then of no use: what was made old held all it pointed to
 * until the whole heap was marked. Accepting 950 orders a second the order service marked it every 9 s, and at most once in 20 s without (ADR 0020).
 */
const allYoung = '--no-allocation-site-pretenuring';

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
export const argumentsOf = (dataDir: string, part: PartName, dist = root): readonly string[] => {
  const { oldMb, youngMb, growingPercent } = heapOf[part];
  const heap = [`--max-old-space-size=${oldMb}`, `--max-semi-space-size=${youngMb}`, `--heap-growing-percent=${growingPercent}`, `--v8-pool-size=${helperThreads}`];
  return [...heap, allYoung, join(dist, entry[part]), resolve(dataDir)];
};

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
