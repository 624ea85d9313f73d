import { services, type ServiceName } from '@orderlog/contracts';
import { seededRandom } from '../olist/random.js';
import type { PartName } from '../system/system.js';

/** Places in a service at which a process can be made to die: `kill-points.ts` knows how to find them from outside. */
export const killPoints = [
  'before-commit',
  'in-commit',
  'after-commit',
  'before-append',
  'in-append',
  'after-append',
  'after-ack',
  'before-cursor',
  'after-cursor',
  'before-offsets',
  'before-carrier',
  'after-carrier',
] as const;
/** See `killPoints`. */
export type KillPoint = (typeof killPoints)[number];

/** Between whom the proxies stand: each service and PostgreSQL, all of them and the broker, the shop and the order service. */
export type LinkName = ServiceName | 'broker' | 'shop';
export const links: readonly LinkName[] = [...services, 'broker', 'shop'];

/** What a link can do to those who talk over it. */
export const linkTroubles = ['delay', 'cut', 'half-open', 'one-way', 'lost-answers'] as const;
/** See `linkTroubles`. */
export type LinkTrouble = (typeof linkTroubles)[number];

/** One thing done to the system; `ms` is for how long. */
export type Fault =
  | { readonly kind: 'kill'; readonly part: PartName }
  | { readonly kind: 'kill-at'; readonly part: ServiceName; readonly point: KillPoint; readonly nth: number }
  | { readonly kind: 'pause'; readonly part: PartName; readonly ms: number }
  | { readonly kind: 'zombie'; readonly part: ServiceName; readonly ms: number }
  | { readonly kind: 'postgres-restart' | 'broker-kill'; readonly ms: number }
  | { readonly kind: 'broker-pause'; readonly ms: number }
  | { readonly kind: 'backends'; readonly count: number; readonly inCommit: boolean }
  | { readonly kind: 'network'; readonly link: LinkName; readonly trouble: LinkTrouble; readonly ms: number }
  | { readonly kind: 'duplicates' | 'replay' | 'emptied'; readonly service: ServiceName; readonly shards: readonly number[] }
  | { readonly kind: 'poison' }
  | { readonly kind: 'clock'; readonly part: ServiceName; readonly jumpMs: number; readonly ms: number }
  | { readonly kind: 'full-pool' | 'held-lock'; readonly part: ServiceName; readonly ms: number }
  | { readonly kind: 'all-down'; readonly ms: number };

/** A fault and when it is due. Those of one track follow each other; tracks run side by side. */
export type Step = { readonly track: string; readonly atMs: number; readonly fault: Fault };

/** Faults a minute, by track. The sums over some ten recorded seeds of three minutes give what the closing note has to show. */
const perMinute = { kill: 6, 'kill-at': 7, pause: 2, postgres: 2, broker: 2, network: 3, messages: 3, database: 1 } as const;

const [second, hour] = [1_000, 3_600_000];

/** What is done to the system in a campaign: the same seed, length and number of kills give the same plan. */
export const planOf = (options: { readonly seed: number; readonly ms: number; readonly shards: number; readonly killsMin?: number }): readonly Step[] => {
  const { ms, shards, killsMin = 0 } = options;
  const random = seededRandom(options.seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  /** Short ones are more frequent than long ones. */
  const between = (low: number, high: number): number => Math.round(low * (high / low) ** random());
  const service = (): ServiceName => pick(services);
  const part = (): PartName => pick<PartName>([...services, ...services, ...services, 'front-door', 'carrier']);
  const someShards = (most: number): readonly number[] => [...new Set(Array.from({ length: 1 + Math.floor(random() * most) }, () => Math.floor(random() * shards)))];
  // A long pause in a short campaign would be all there is of it.
  const longest = Math.min(60 * second, ms / 3);
  const killAt = (): Fault => {
    const point = pick(killPoints);
    return { kind: 'kill-at', part: point.endsWith('-carrier') ? 'shipping' : point.endsWith('-append') && random() < 0.5 ? 'order' : service(), point, nth: between(1, 15) };
  };
  const make: Record<keyof typeof perMinute, (n: number) => Fault> = {
    kill: () => ({ kind: 'kill', part: part() }),
    'kill-at': killAt,
    // Every second one outlasts the leases (5 s) while another process of the service takes over.
    pause: (n) => (n % 2 === 0 ? { kind: 'zombie', part: service(), ms: between(9 * second, Math.max(10 * second, longest)) } : { kind: 'pause', part: part(), ms: between(second, longest) }),
    postgres: (n) => (n % 2 === 0 ? { kind: 'postgres-restart', ms: between(100, 2 * second) } : { kind: 'backends', count: between(1, 20), inCommit: random() < 0.6 }),
    broker: (n) => (n % 2 === 0 ? { kind: 'broker-kill', ms: between(100, 3 * second) } : { kind: 'broker-pause', ms: between(second, Math.min(15 * second, longest)) }),
    network: (n) => ({ kind: 'network', link: pick(links), trouble: linkTroubles[(n + options.seed) % linkTroubles.length] as LinkTrouble, ms: between(500, Math.min(12 * second, longest)) }),
    messages: (n) => {
      const kind = (['duplicates', 'poison', 'replay', 'emptied'] as const)[n % 4];
      return kind === 'poison' || kind === undefined ? { kind: 'poison' } : { kind, service: service(), shards: someShards(kind === 'duplicates' ? 4 : 2) };
    },
    database: (n) => {
      const kind = (['clock', 'full-pool', 'held-lock'] as const)[(n + options.seed) % 3];
      if (kind === undefined || kind === 'clock') return { kind: 'clock', part: service(), jumpMs: random() < 0.5 ? hour : -hour, ms: between(2 * second, 10 * second) };
      return { kind, part: service(), ms: between(2 * second, 8 * second) };
    },
  };
  const steps: Step[] = [];
  for (const track of Object.keys(perMinute) as (keyof typeof perMinute)[]) {
    const least = track === 'kill-at' ? Math.ceil(killsMin / 2) : track === 'kill' ? Math.ceil(killsMin / 2) : 1;
    const count = Math.max(least, Math.round((perMinute[track] * ms) / 60_000));
    for (let n = 0; n < count; n += 1) steps.push({ track, atMs: Math.round(((n + random()) / count) * ms), fault: make[track](n) });
  }
  // In the middle, so that there is something before it and after it.
  if (ms >= 60 * second) steps.push({ track: 'all', atMs: Math.round(ms * (0.4 + 0.2 * random())), fault: { kind: 'all-down', ms: Math.min(30 * second, ms / 6) } });
  return steps.sort((a, b) => a.atMs - b.atMs);
};

/** How a fault is counted: its kind, and what of it makes a difference. */
export const countedAs = (fault: Fault): string => {
  if (fault.kind === 'kill-at') return `kill.${fault.point}`;
  if (fault.kind === 'kill') return 'kill.random';
  if (fault.kind === 'pause' || fault.kind === 'zombie') return `pause.${fault.kind === 'zombie' ? 'zombie' : 'alone'}`;
  if (fault.kind === 'postgres-restart') return 'postgres.restart';
  if (fault.kind === 'backends') return fault.inCommit ? 'postgres.backends-in-commit' : 'postgres.backends';
  if (fault.kind === 'full-pool' || fault.kind === 'held-lock') return `postgres.${fault.kind}`;
  if (fault.kind === 'broker-kill' || fault.kind === 'broker-pause') return fault.kind.replace('-', '.');
  if (fault.kind === 'network') return `network.${fault.trouble}`;
  if (fault.kind === 'clock') return `clock.${fault.jumpMs > 0 ? 'forward' : 'back'}`;
  if (fault.kind === 'all-down') return 'all.down';
  return `messages.${fault.kind}`;
};
