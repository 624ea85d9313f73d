import type { EventContext } from '@orderlog/contracts';
import type { EventLog } from '@orderlog/event-log';
import type { ItemRecord } from '@orderlog/inventory-domain';
import type { Catalog } from './ports.js';
import { items, itemStream } from './streams.js';

/** An item as it stands after it was defined. */
export type DefinedItem = ItemRecord & { readonly version: number };

/** Defines items, new or anew, all in one transaction. Answers them with their versions, and how many changed. */
export const defineItems =
  (log: EventLog, catalog: Catalog, onDefined: () => void) =>
  async (records: readonly ItemRecord[], contextFor: (sku: string) => EventContext): Promise<{ readonly items: readonly DefinedItem[]; readonly changed: number }> => {
    const defined = await log.transact(async (tx) => {
      const outcomes = await tx.decide(
        items,
        records.map((record) => ({ streamId: itemStream(record.sku), command: { type: 'DefineItem', data: record }, context: contextFor(record.sku) })),
      );
      const all = outcomes.flatMap((outcome) => ('refused' in outcome || outcome.state.record === undefined ? [] : [{ ...outcome.state.record, version: outcome.version, isChanged: outcome.events.length > 0 }]));
      const changed = all.filter(({ isChanged }) => isChanged);
      if (changed.length > 0) await catalog.save(tx, changed);
      return { items: all.map(({ isChanged: _, ...one }) => one), changed: changed.length };
    });
    if (defined.changed > 0) onDefined();
    return defined;
  };
