import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { LogConsumerOptions, LogConsumerStats } from './consumer.js';
import type { Fact, FactsListener } from './facts.js';

/** What a listener method declares. */
export type OnFactsOptions = Pick<FactsListener, 'source' | 'types'> & { readonly target: (fact: Fact) => string | undefined };

/** Marks a method `(facts, tx) => Promise<void>` of a Nest controller as the listener of a service's facts. */
export const OnFacts = (options: OnFactsOptions): MethodDecorator => {
  throw new Error(`being written ${options.source}`);
};

/** The log consumer as a Nest transport: `app.connectMicroservice({ strategy: new LogConsumerStrategy(…) })`. */
export class LogConsumerStrategy extends Server implements CustomTransportStrategy {
  constructor(readonly consumerOptions: Omit<LogConsumerOptions, 'listeners'>) {
    super();
  }
  listen(callback: (error?: unknown) => void): void {
    callback();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
  on(): void {
    return undefined;
  }
  unwrap<T>(): T {
    throw new Error('being written');
  }
  /** The listeners Nest handed over: releasing a parked stream needs them (backbone). */
  listeners(): readonly FactsListener[] {
    throw new Error('being written');
  }
  /** Of its consumer (backbone: metrics, status). */
  stats(): LogConsumerStats {
    throw new Error('being written');
  }
  /** Of its consumer (backbone: `/readyz`); true for a service that listens to nobody. */
  isReady(): boolean {
    throw new Error('being written');
  }
}
