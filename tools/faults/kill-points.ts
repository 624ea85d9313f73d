// Loaded into a service before its own code (`--import`): finds the places where it can be made to die from outside, at the calls of the
// drivers, so that what runs in production carries no hooks. Does nothing without FAULT_ORDERS.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Method = (this: unknown, ...args: unknown[]) => unknown;
/** What the runner has put down for this process: where to die, at which time it comes there; or how far the clock is off. */
export type Order = { readonly point?: string; readonly nth?: number; readonly clockMs?: number };

let armed: { readonly point: string; left: number } | undefined;

const die = (): void => void process.kill(process.pid, 'SIGKILL');
const passes = (point: string): void => {
  if (armed?.point !== point) return;
  armed.left -= 1;
  if (armed.left <= 0) die();
};

/** Runs a call with its places before it, once it was sent, and when it was answered but nobody knows yet. */
const passing = (name: string, call: () => unknown): unknown => {
  passes(`before-${name}`);
  const answer = call();
  passes(`in-${name}`);
  if (!(answer instanceof Promise)) return answer;
  return answer.then((value: unknown) => {
    passes(`after-${name}`);
    return value;
  });
};

const statements: readonly (readonly [string, RegExp])[] = [
  ['commit', /^\s*commit/i],
  ['append', /\bappend_events\s*\(/],
  ['cursor', /^\s*update relay_cursor\b[^;]*\bset seq\b/i],
];

const textOf = (query: unknown): string => {
  if (typeof query === 'string') return query;
  const text: unknown = typeof query === 'object' && query !== null && 'text' in query ? query.text : undefined;
  return typeof text === 'string' ? text : '';
};

const wrap = (owner: object, name: string, wrapped: (call: Method) => Method): void => {
  const call: unknown = Reflect.get(owner, name);
  if (typeof call !== 'function') throw new Error(`${name} is no function: the driver has changed`);
  Reflect.set(owner, name, wrapped(call as Method));
};

const watchPostgres = async (): Promise<void> => {
  const { default: pg } = await import('pg');
  wrap(pg.Client.prototype, 'query', (query) =>
    function (this: unknown, ...args: unknown[]) {
      if (armed === undefined) return query.apply(this, args);
      const text = textOf(args[0]);
      const name = statements.find(([, pattern]) => pattern.test(text))?.[0];
      if (name === undefined) return query.apply(this, args);
      const last = args.at(-1);
      // The pool asks with a callback.
      if (typeof last === 'function') {
        args[args.length - 1] = (...heard: unknown[]): unknown => {
          passes(`after-${name}`);
          return (last as (...all: unknown[]) => unknown)(...heard);
        };
      }
      return passing(name, () => query.apply(this, args));
    },
  );
};

const watchKafka = async (): Promise<void> => {
  const { default: kafkajs } = await import('kafkajs');
  const made = (maker: string, method: string, name: string): void =>
    wrap(kafkajs.Kafka.prototype, maker, (make) =>
      function (this: unknown, ...args: unknown[]) {
        const client = make.apply(this, args) as object;
        wrap(client, method, (call) =>
          function (this: unknown, ...asked: unknown[]) {
            return passing(name, () => call.apply(this, asked));
          },
        );
        return client;
      },
    );
  made('producer', 'send', 'ack');
  made('consumer', 'commitOffsets', 'offsets');
};

const watchCarrier = async (): Promise<void> => {
  const { Pool } = await import('undici');
  wrap(Pool.prototype, 'request', (request) =>
    function (this: unknown, ...args: unknown[]) {
      return passing('carrier', () => request.apply(this, args));
    },
  );
};

/** Makes `Date` wrong by so much; timers go on as they are. */
const shiftClock = (byMs: number): void => {
  const real = Object.getPrototypeOf(Date) === Function.prototype ? Date : (Object.getPrototypeOf(Date) as DateConstructor);
  if (byMs === 0) {
    globalThis.Date = real;
    return;
  }
  class ShiftedDate extends real {
    constructor(...args: unknown[]) {
      if (args.length === 0) super(real.now() + byMs);
      else super(...(args as [number]));
    }
    static override now(): number {
      return real.now() + byMs;
    }
  }
  globalThis.Date = ShiftedDate as unknown as DateConstructor;
};

const [folder, service] = [process.env['FAULT_ORDERS'], process.env['SERVICE']];
if (folder !== undefined && service !== undefined) {
  await Promise.all([watchPostgres(), watchKafka(), ...(service === 'shipping' ? [watchCarrier()] : [])]);
  process.on('SIGUSR2', () => {
    const { point, nth = 1, clockMs } = JSON.parse(readFileSync(join(folder, `${service}.json`), 'utf8')) as Order;
    if (clockMs !== undefined) shiftClock(clockMs);
    armed = point === undefined ? undefined : { point, left: nth };
  });
}
