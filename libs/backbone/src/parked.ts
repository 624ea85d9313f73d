import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import { parkedStreams, type ParkedStreams } from '@orderlog/messaging';
import type { Engine } from './engine.js';

/** The parked streams of a service. Listeners are known only after the consumer was connected, so they are looked up at each use. */
export const parkedOf = (engine: Engine, log: EventLog, sql: SqlExecutor): ParkedStreams => {
  const now = (): ParkedStreams => parkedStreams({ log, sql, listeners: engine.consumer?.listeners() ?? [] });
  return {
    list: () => now().list(),
    show: (streamId) => now().show(streamId),
    release: (streamId) => now().release(streamId),
    drop: (streamId, arrival) => now().drop(streamId, arrival),
  };
};
