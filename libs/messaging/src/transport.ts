import { EventPattern, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { LogTransaction } from '@orderlog/event-log';
import { isObservable, lastValueFrom } from 'rxjs';
import { LogConsumer, type LogConsumerOptions, type LogConsumerStats } from './consumer.js';
import type { Fact, FactsListener } from './facts.js';

/** What a listener method declares. */
export type OnFactsOptions = Pick<FactsListener, 'hears'> & { readonly target: (fact: Fact) => string | undefined };

/** A batch on its way through Nest. Nest's exception filters answer a caller, and there is none: the error travels beside them. */
type Batch = { readonly facts: readonly Fact[]; readonly tx: LogTransaction; failure?: { readonly error: unknown } };

type Listening = (facts: readonly Fact[], tx: LogTransaction) => Promise<void>;

const transport = Symbol('orderlog log consumer');

/** Marks a method `(facts, tx) => Promise<void>` of a Nest controller as the listener of other services' facts: whole batches, in order. */
export const OnFacts =
  (options: OnFactsOptions) =>
  (target: object, method: string | symbol, descriptor: TypedPropertyDescriptor<Listening>): void => {
    const listening = descriptor.value;
    if (listening === undefined) throw new Error(`@OnFacts on ${String(method)}, which is no method`);
    const through = async function (this: unknown, batch: Batch): Promise<void> {
      try {
        await listening.call(this, batch.facts, batch.tx);
      } catch (error) {
        batch.failure = { error };
      }
    };
    descriptor.value = through as unknown as Listening;
    const pattern = `facts/${options.hears.map(({ source }) => source).join('+')}/${target.constructor.name}.${String(method)}`;
    EventPattern<string>(pattern, transport, { onFacts: options })(target, method, descriptor);
  };

/** The log consumer as a Nest transport: `app.connectMicroservice({ strategy: new LogConsumerStrategy(…) })`. */
export class LogConsumerStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = transport;
  private readonly consumerOptions: Omit<LogConsumerOptions, 'listeners'>;
  private consumer: LogConsumer | undefined;

  constructor(options: Omit<LogConsumerOptions, 'listeners'>) {
    super();
    this.consumerOptions = options;
  }

  /** The listeners that Nest's controllers registered, in the order in which it found them. */
  listeners(): readonly FactsListener[] {
    return [...this.messageHandlers.values()].flatMap((handler): FactsListener[] => {
      const options = (handler.extras as { readonly onFacts?: OnFactsOptions } | undefined)?.onFacts;
      if (options === undefined) return [];
      const handle = async (facts: readonly Fact[], tx: LogTransaction): Promise<void> => {
        const batch: Batch = { facts, tx };
        const answer: unknown = await handler(batch, undefined);
        if (isObservable(answer)) await lastValueFrom(answer, { defaultValue: undefined });
        if (batch.failure !== undefined) throw batch.failure.error;
      };
      return [{ ...options, handle }];
    });
  }

  /** Called by Nest. */
  listen(callback: (error?: unknown) => void): void {
    const listeners = this.listeners();
    if (listeners.length === 0) {
      callback();
      return;
    }
    this.consumer = new LogConsumer({ ...this.consumerOptions, listeners });
    this.consumer.start().then(() => callback(), callback);
  }

  /** Called by Nest; ends as `LogConsumer.stop` does. */
  async close(): Promise<void> {
    await this.consumer?.stop();
    this.consumer = undefined;
  }

  /** A service that listens to nobody is ready. */
  isReady(): boolean {
    return this.consumer?.isReady() ?? this.listeners().length === 0;
  }

  /** Counters of the consumer. */
  stats(): LogConsumerStats {
    if (this.consumer !== undefined) return this.consumer.stats();
    const nothing = { batches: 0, facts: 0, passed: 0, duplicates: 0, gaps: 0, gapFacts: 0, retries: 0, zombies: 0, parked: 0, quarantined: 0 };
    return { status: 'stopped', ...nothing, partitions: [] };
  }

  /** Nest's status events do not exist here: `stats` says more. */
  on(): void {
    return undefined;
  }

  /** The consumer itself. */
  unwrap<T>(): T {
    return this.consumer as T;
  }
}
