import type { EventContext } from '@orderlog/contracts';
import type { EventLog } from '@orderlog/event-log';
import type { CenterRecord } from '@orderlog/routing-domain';
import type { Routing } from './ports.js';
import { centers, centerStream } from './streams.js';

/** Defines a center, new or anew; the next plan knows it. Answers its version. */
export const defineCenter =
  (log: EventLog, routing: Routing, onDefined: () => void) =>
  async (record: CenterRecord, context: EventContext): Promise<CenterRecord & { readonly version: number }> => {
    const defined = await log.transact(async (tx) => {
      const [outcome] = await tx.decide(centers, [{ streamId: centerStream(record.centerId), command: { type: 'DefineCenter', data: record }, context }]);
      if (outcome === undefined || 'refused' in outcome) throw new Error('a center refuses nothing');
      const saved = { ...(outcome.state.record ?? record), version: outcome.version };
      if (outcome.events.length > 0) await routing.centers.save(tx, saved);
      return { saved, isChanged: outcome.events.length > 0 };
    });
    if (defined.isChanged) {
      await routing.centers.refresh();
      onDefined();
    }
    return defined.saved;
  };
