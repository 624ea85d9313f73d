import type { INestApplication } from '@nestjs/common';
import type { Logger } from '@orderlog/observability';

/** A part of a service that runs beside requests. */
export type LifecycleStep = {
  readonly name: string;
  /** `app` is the running Nest application, for steps that connect a transport of their own. */
  readonly start: (app: INestApplication) => Promise<void>;
  /** Ends it in good order; also called when `start` failed halfway. */
  readonly stop: () => Promise<void>;
};

/** Starts steps in the order they were added and stops them in reverse. */
export type Lifecycle = {
  readonly add: (step: LifecycleStep) => void;
  readonly start: (app: INestApplication) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** The lifecycle of one service. A step that cannot stop is reported and does not keep the others from stopping. */
export const createLifecycle = (log: Logger): Lifecycle => {
  const steps: LifecycleStep[] = [];
  let begun = 0;
  return {
    add: (step) => void steps.push(step),
    start: async (app) => {
      for (const step of steps.slice(begun)) {
        begun += 1;
        const startedAt = performance.now();
        await step.start(app);
        log.debug({ step: step.name, ms: Math.round(performance.now() - startedAt) }, 'started');
      }
    },
    stop: async () => {
      for (const step of steps.slice(0, begun).reverse()) {
        try {
          await step.stop();
        } catch (error) {
          log.error({ step: step.name, err: error }, 'a step did not stop in good order');
        }
      }
      begun = 0;
    },
  };
};
