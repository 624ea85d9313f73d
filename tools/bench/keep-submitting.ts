import { setTimeout as delay } from 'node:timers/promises';
import { isReady } from '../system/parts.js';
import type { RawConnection } from './raw-http.js';
import { opener, placingRequest } from './submit.js';

/** Orders that arrive at a steady rate until it is told to stop, whatever becomes of the service. */
export type Arrivals = { stop(): Promise<{ readonly accepted: number; readonly milliseconds: readonly number[] }> };

const again = new Set([500, 502, 503, 504]);
const retryMs = 50;
const giveUpMs = 60_000;
const secondsAtOnce = 10;

/**
 * Orders go out on schedule. One that meets a dead or busy service is sent again under its key until it has its answer, as a client that means it
 * does; and to a dead service nothing is sent until it says that it is ready, as any load balancer sees to.
 */
export const keepSubmitting = (options: {
  readonly url: string;
  readonly apiKey: string;
  readonly perSecond: number;
  /** Bodies of the nth set of orders, whose references no other set has. */
  readonly bodiesOf: (set: number, count: number) => readonly string[];
}): Arrivals => {
  const { url, apiKey, perSecond, bodiesOf } = options;
  const open = opener(url);
  const idle: RawConnection[] = [];
  const milliseconds: number[] = [];
  const sent = new Set<Promise<void>>();
  let accepted = 0;
  let stopping = false;
  let comingBack: Promise<void> | undefined;
  const back = async (): Promise<void> => {
    while (!(await isReady(url))) await delay(retryMs);
    comingBack = undefined;
  };
  const send = async (body: string, key: string): Promise<void> => {
    const dueAt = performance.now();
    const request = placingRequest(apiKey, key, body);
    for (;;) {
      await comingBack;
      const lane = idle.pop() ?? open();
      try {
        const { status, body: text } = await lane.send(request);
        idle.push(lane);
        if (status === 201 || status === 200) {
          accepted += 1;
          milliseconds.push(performance.now() - dueAt);
          return;
        }
        if (!again.has(status)) throw new RangeError(`an order was not accepted: ${status} ${text.slice(0, 300)}`);
      } catch (error) {
        lane.close();
        // The connection broke: whether the order was stored, the next answer says.
        if (error instanceof RangeError || performance.now() - dueAt > giveUpMs) throw error;
        comingBack ??= back();
      }
      await delay(retryMs);
    }
  };
  const run = async (): Promise<void> => {
    for (let set = 1; !stopping; set += 1) {
      const bodies = bodiesOf(set, Math.ceil(perSecond * secondsAtOnce));
      const startedAt = performance.now();
      for (let index = 0; index < bodies.length && !stopping; ) {
        const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond);
        for (; index < bodies.length && index <= due; index += 1) {
          const one = send(bodies[index] ?? '', `set-${set}-${index}`);
          sent.add(one);
          // A failure stays in the set, where `stop` finds it.
          one.then(
            () => sent.delete(one),
            () => undefined,
          );
        }
        await delay(2);
      }
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping = true;
      await running;
      await Promise.all(sent);
      for (const lane of idle) lane.close();
      return { accepted, milliseconds };
    },
  };
};
