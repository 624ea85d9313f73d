import type { EventLog } from '@orderlog/event-log';
import { defineItems } from './define-items.js';
import { followOrder } from './follow-order.js';
import { adjustStock, countStock, receiveStock } from './move-stock.js';
import type { Inventory } from './ports.js';

/** Everything that messages from outside may ask of inventory. */
export const useCasesOf = (log: EventLog, inventory: Inventory, onItemsDefined: () => void) => ({
  receiveStock: receiveStock(log, inventory),
  adjustStock: adjustStock(log, inventory),
  countStock: countStock(log, inventory),
  defineItems: defineItems(log, inventory.catalog, onItemsDefined),
  followOrder: followOrder(inventory),
});

/** See `useCasesOf`. */
export type UseCases = ReturnType<typeof useCasesOf>;

/** Injection token of the `UseCases`. */
export const USE_CASES = Symbol('orderlog:inventory-use-cases');
