import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Answers why a part is not ready, or undefined when it is. */
export type ReadinessCheck = () => string | undefined | Promise<string | undefined>;

/** What `/readyz` answers: every part with `ok` or the reason why not. */
export type Readiness = { readonly ready: boolean; readonly parts: Readonly<Record<string, string>> };

/** What `/healthz` answers: that the event loop turns, and how late it runs. */
export type Liveness = { readonly live: true; readonly eventLoopDelayMsMax: number };

/** A service's health: parts register themselves, the edge asks. */
export type Health = {
  /** Registers a part. Its name is what `/readyz` shows. */
  readonly add: (part: string, check: ReadinessCheck) => void;
  /** From now on not ready, whatever the parts say: the first step of a shutdown. */
  readonly drain: () => void;
  readonly isDraining: () => boolean;
  readonly readiness: () => Promise<Readiness>;
  readonly liveness: () => Liveness;
  readonly close: () => void;
};

/** A part that does not answer within this is not ready. */
const checkMs = 1_500;

const answerOf = async (check: ReadinessCheck): Promise<string> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${checkMs} ms`), checkMs);
  });
  try {
    return (await Promise.race([Promise.resolve(check()), late])) ?? 'ok';
  } catch (error) {
    return error instanceof Error ? error.message : 'failed';
  } finally {
    clearTimeout(timer);
  }
};

/** The health of one service. */
export const createHealth = (): Health => {
  const checks = new Map<string, ReadinessCheck>();
  const delay = monitorEventLoopDelay({ resolution: 50 });
  delay.enable();
  let draining = false;
  return {
    add: (part, check) => void checks.set(part, check),
    drain: () => {
      draining = true;
    },
    isDraining: () => draining,
    readiness: async () => {
      const answers = await Promise.all([...checks].map(async ([part, check]) => [part, await answerOf(check)] as const));
      const parts = Object.fromEntries(draining ? [...answers, ['shutdown', 'the service is stopping'] as const] : answers);
      return { ready: Object.values(parts).every((answer) => answer === 'ok'), parts };
    },
    liveness: () => {
      const eventLoopDelayMsMax = Math.round(delay.max / 1e6);
      delay.reset();
      return { live: true, eventLoopDelayMsMax };
    },
    close: () => void delay.disable(),
  };
};
