import type { EventLog } from '@orderlog/event-log';
import type { EffectsStats, LogConsumerStats, ParkedStreams, RelayStats, TimersStats } from '@orderlog/messaging';
import type { Projections, ProjectionStatus } from '@orderlog/projections';
import type { Engine } from './engine.js';

/** Where a service stands: what operators look at first. */
export type BackboneStatus = {
  readonly service: string;
  readonly logId: string;
  readonly heads: readonly { readonly shard: number; readonly seq: number }[];
  readonly relay?: RelayStats;
  readonly consumer?: LogConsumerStats;
  readonly timers?: TimersStats;
  readonly effects?: EffectsStats;
  readonly projections: readonly ProjectionStatus[];
  readonly parked: number;
};

/** Collects the status. The parts' own numbers are kept by them; only heads, lags and parked streams cost a query. */
export const statusOf = async (parts: {
  readonly log: EventLog;
  readonly engine: Engine;
  readonly projections: Projections;
  readonly parked: ParkedStreams;
}): Promise<BackboneStatus> => {
  const { log, engine, projections, parked } = parts;
  const [heads, listed, streams] = await Promise.all([
    log.heads(),
    projections.list(),
    parked.list(),
  ]);
  return {
    service: log.service,
    logId: log.logId,
    heads: heads.map(({ shard, seq }) => ({ shard, seq })),
    ...(engine.relay === undefined ? {} : { relay: engine.relay.stats() }),
    ...(engine.consumer === undefined ? {} : { consumer: engine.consumer.stats() }),
    ...(engine.timers === undefined ? {} : { timers: engine.timers.stats() }),
    ...(engine.effects === undefined ? {} : { effects: engine.effects.stats() }),
    projections: listed,
    parked: streams.length,
  };
};
