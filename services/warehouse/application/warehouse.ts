import { tellFulfillmentOrder } from './answer-request.js';
import { handOutTask, readWave } from './hand-out-task.js';
import { closePackages } from './pack.js';
import { recordScans, reportShort, undoScan } from './pick.js';
import type { Floor } from './ports.js';
import { recordSortings, sortWave } from './sort.js';
import { fulfillmentOrders, fulfillmentOrderStream } from './streams.js';

/** Every use case of the floor, bound to what it stands on. */
export const createWarehouse = (floor: Floor) => ({
  items: floor.items,
  bins: floor.bins,
  tell: tellFulfillmentOrder(floor),
  handOutTask: handOutTask(floor),
  readWave: readWave(floor),
  recordScans: recordScans(floor),
  undoScan: undoScan(floor),
  reportShort: reportShort(floor),
  sortWave: sortWave(floor),
  recordSortings: recordSortings(floor),
  closePackages: closePackages(floor),
  /** Folded from its stream: there right after it was requested, whatever the read models do. */
  fulfillmentOrder: async (fulfillmentOrderId: string) => (await floor.log.state(fulfillmentOrders, fulfillmentOrderStream(fulfillmentOrderId))).state,
});

/** The use cases of this service. */
export type Warehouse = ReturnType<typeof createWarehouse>;
