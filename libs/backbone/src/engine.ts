import type { INestApplication } from '@nestjs/common';
import type { ServiceName } from '@orderlog/contracts';
import type { LifecycleStep } from '@orderlog/edge';
import type { SqlExecutor } from '@orderlog/event-log';
import {
  logReaderClient,
  LogConsumerStrategy,
  readCompacted,
  startEffects,
  startRelay,
  startTimers,
  type CompactedCopies,
  type Effects,
  type LogReaderClient,
  type Relay,
  type Timers,
} from '@orderlog/messaging';
import type { Projections } from '@orderlog/projections';
import type { BackboneDefinition, Wiring } from './definition.js';

/** What runs beside requests, as far as it has been started. */
export type Engine = {
  relay?: Relay;
  copies: readonly CompactedCopies[];
  copiesCaughtUp: boolean;
  readers?: LogReaderClient;
  consumer?: LogConsumerStrategy;
  timers?: Timers;
  effects?: Effects;
};

/** An engine of which nothing runs yet. */
export const createEngine = (): Engine => ({ copies: [], copiesCaughtUp: false });

/** What the steps are made of. */
export type EngineParts = {
  readonly definition: BackboneDefinition;
  readonly wiring: Wiring;
  readonly projections: Projections;
  readonly sql: SqlExecutor;
};

const named = (prefix: string, service: ServiceName, purpose: string): string => `${prefix}${service}.${purpose}`;

const relayStep = (engine: Engine, { definition, wiring, sql }: EngineParts): LifecycleStep => ({
  name: 'relay',
  start: async () => {
    engine.relay = await startRelay({
      log: wiring.log,
      sql,
      kafka: wiring.kafka,
      topic: named(wiring.config.topicPrefix, definition.name, 'events'),
      logger: wiring.logger,
    });
  },
  stop: async () => engine.relay?.stop(),
});

const copiesStep = (engine: Engine, { definition, wiring }: EngineParts): LifecycleStep => ({
  name: 'copies',
  start: async () => {
    const wanted = definition.copies?.(wiring) ?? [];
    engine.copies = await Promise.all(
      wanted.map(({ topic, onRecord }) =>
        readCompacted({ kafka: wiring.kafka, topic, topicPrefix: wiring.config.topicPrefix, service: definition.name, onRecord, logger: wiring.logger }),
      ),
    );
    await Promise.all(engine.copies.map(({ caughtUp }) => caughtUp));
    engine.copiesCaughtUp = true;
  },
  stop: async () => {
    await Promise.all(engine.copies.map((one) => one.stop()));
  },
});

/** The consumer is a Nest transport: connected when everything it needs is there, stopped before any of that goes. */
const consumerStep = (engine: Engine, { definition, wiring, sql }: EngineParts): LifecycleStep => ({
  name: 'consumer',
  start: async (app: INestApplication) => {
    engine.readers = logReaderClient(wiring.config.logReaders, wiring.config.serviceToken);
    const strategy = new LogConsumerStrategy({
      log: wiring.log,
      sql,
      kafka: wiring.kafka,
      producers: engine.readers.producers,
      group: named(wiring.config.topicPrefix, definition.name, 'process'),
      topicPrefix: wiring.config.topicPrefix,
      logger: wiring.logger,
    });
    engine.consumer = strategy;
    await app.connectMicroservice({ strategy }, { inheritAppConfig: false }).listen();
  },
  stop: async () => {
    await engine.consumer?.close();
    engine.readers?.close();
  },
});

const timersStep = (engine: Engine, { definition, wiring, sql }: EngineParts): LifecycleStep => ({
  name: 'timers and effects',
  start: async () => {
    const timers = definition.timers?.(wiring) ?? [];
    if (timers.length > 0) engine.timers = startTimers({ log: wiring.log, sql, handlers: timers, logger: wiring.logger });
    const effects = definition.effects?.(wiring) ?? [];
    if (effects.length > 0) engine.effects = startEffects({ log: wiring.log, sql, handlers: effects, logger: wiring.logger });
  },
  stop: async () => {
    await Promise.all([engine.timers?.stop(), engine.effects?.stop()]);
  },
});

const projectionsStep = ({ projections }: EngineParts): LifecycleStep => ({
  name: 'projections',
  start: async () => projections.start(),
  stop: () => projections.stop(),
});

/**
 * The order in which a service comes up; it stops in reverse. The relay is first and so the last to stop: what the consumer appended while
 * it ended still leaves. Copies are complete before the first fact, because a plan made on half of the stock would be wrong for good.
 */
export const engineSteps = (engine: Engine, parts: EngineParts): readonly LifecycleStep[] => [
  relayStep(engine, parts),
  projectionsStep(parts),
  copiesStep(engine, parts),
  consumerStep(engine, parts),
  timersStep(engine, parts),
];
