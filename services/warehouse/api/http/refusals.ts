import { refusalToProblem, type Problem, type RefusalTable } from '@orderlog/edge';
import type { Refusal } from '@orderlog/decider';
import type { FulfillmentOrderRefusal, PickListEntry } from '@orderlog/warehouse-domain';
import type { PickRefusal } from '../../application/pick.js';
import type { PackageResult } from '../../application/pack.js';

/** Every refusal of this service. */
export type WarehouseRefusal = FulfillmentOrderRefusal | PickRefusal | Extract<PackageResult, { result: 'refused' }>['refusal']['refused'];

/** What each refusal means to a caller. */
export const warehouseRefusals: RefusalTable<WarehouseRefusal> = {
  FulfillmentOrderUnknown: { slug: 'fulfillment-order-unknown', status: 404, title: 'There is no such fulfillment order' },
  FulfillmentOrderNotAccepted: { slug: 'fulfillment-order-not-accepted', status: 409, title: 'The center has not accepted this fulfillment order' },
  FulfillmentOrderAlreadyAccepted: { slug: 'fulfillment-order-already-accepted', status: 409, title: 'The fulfillment order is accepted already' },
  FulfillmentOrderRejectedBefore: { slug: 'fulfillment-order-rejected', status: 409, title: 'The fulfillment order was rejected' },
  FulfillmentOrderEnded: { slug: 'fulfillment-order-ended', status: 409, title: 'The fulfillment order has ended' },
  AlreadyOnAnotherPickList: { slug: 'already-on-another-pick-list', status: 409, title: 'The fulfillment order is on another pick list' },
  NotOnThisPickList: { slug: 'not-on-this-pick-list', status: 409, title: 'The fulfillment order is not on this pick list' },
  MoreThanRequested: { slug: 'more-than-requested', status: 409, title: 'These are more units than are left to pick' },
  QuantityNotPositive: { slug: 'quantity-not-positive', status: 422, title: 'A quantity has to be at least 1' },
  ScanUnknown: { slug: 'scan-unknown', status: 404, title: 'There is no such scan on this list' },
  AlreadySorted: { slug: 'already-sorted', status: 409, title: 'The units of this scan left the tote' },
  MoreThanPicked: { slug: 'more-than-picked', status: 409, title: 'These are more units than are in the tote' },
  WrongCell: { slug: 'wrong-cell', status: 409, title: 'This is the cell of another fulfillment order' },
  PickingNotFinished: { slug: 'picking-not-finished', status: 409, title: 'Not everything is picked and sorted yet' },
  MoreThanSorted: { slug: 'more-than-sorted', status: 409, title: 'These are more units than lie in the cell' },
  NothingToPack: { slug: 'nothing-to-pack', status: 409, title: 'There is nothing in the cell' },
  PackageNumberTaken: { slug: 'package-number-taken', status: 409, title: 'A package of this number is closed with other contents' },
  CancellationUnknown: { slug: 'cancellation-unknown', status: 404, title: 'There is no such cancellation' },
  TaskUnknown: { slug: 'task-unknown', status: 404, title: 'There is no such task' },
  PickListUnknown: { slug: 'pick-list-unknown', status: 404, title: 'There is no such pick list' },
  PickListCompletedBefore: { slug: 'pick-list-completed', status: 409, title: 'The pick list is completed' },
  PickListEmpty: { slug: 'pick-list-empty', status: 409, title: 'There is nothing to pick' },
  WrongItem: { slug: 'wrong-item', status: 409, title: 'This item is not wanted here' },
  WrongBin: { slug: 'wrong-bin', status: 409, title: 'The item is wanted from another bin' },
  CartonUnknown: { slug: 'carton-unknown', status: 422, title: 'There is no such carton' },
};

/** A refusal as a problem; `expected` says what would have been right. */
export const problemOfRefusal = (refusal: Refusal<WarehouseRefusal>, expected?: PickListEntry): Problem =>
  refusalToProblem(refusal, warehouseRefusals, {
    ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
    ...(expected === undefined ? {} : { extensions: { expected } }),
  });

/** The same inside the answer to a batch. */
export const problemInBatch = (refusal: Refusal<WarehouseRefusal>, expected?: PickListEntry): Record<string, unknown> => {
  const { slug, status, title } = warehouseRefusals[refusal.refused];
  return {
    type: `urn:orderlog:problem:${slug}`,
    title,
    status,
    ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
    ...(expected === undefined ? {} : { expected }),
  };
};
