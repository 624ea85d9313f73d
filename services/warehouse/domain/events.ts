import type { Event } from '@orderlog/decider';

/** Units of one line of an order. */
export type Units = { readonly lineId: string; readonly sku: string; readonly quantity: number };

/** Units that are in a closed package, or (with an empty package) no longer here. */
export type PackedShare = Units & { readonly packageId: string };

/** Where the units of a line stood when they were withdrawn: said by the event, so that folding it needs no rule. */
export type WithdrawnUnits = {
  readonly lineId: string;
  readonly waiting: number;
  readonly planned: number;
  readonly picked: number;
  readonly sorted: number;
};

/** The kinds of center. A third party answers for itself; own centers and stores take what they are given. */
export type CenterKind = 'own' | 'third_party' | 'store';

/** What becomes of units that a center could not send. */
export type StockEffect = 'release' | 'write_off' | 'quarantine';

type Whose = { readonly fulfillmentOrderId: string; readonly orderId: string };
type Where = Whose & { readonly centerId: string };
type OneLine = Units & { readonly pickListId: string; readonly workerId: string; readonly scanId: string };

/** The facts of one fulfillment order (stream `fulfillment-order-<id>`). */
export type FulfillmentOrderEvent =
  | Event<
      'FulfillmentOrderRequested',
      Where & {
        readonly centerKind: CenterKind;
        readonly attempt: number;
        readonly lines: readonly Units[];
        readonly shipBy: string;
        readonly serviceLevel: string;
        readonly answerBy: string;
        readonly giftWrap: boolean;
      }
    >
  | Event<'FulfillmentOrderAccepted', Where & { readonly lines: readonly Units[] }>
  | Event<
      'FulfillmentOrderRejected',
      Where & { readonly reason: string; readonly stockEffect: StockEffect; readonly lines: readonly Units[]; readonly note: string }
    >
  | Event<'FulfillmentOrderOverdue', Where & { readonly waitingFor: 'acceptance' | 'cancellation' }>
  | Event<'PickTaskPlanned', Whose & { readonly pickListId: string; readonly cell: string; readonly lines: readonly Units[] }>
  | Event<'ItemPicked', Whose & OneLine & { readonly bin: string }>
  | Event<'PickUndone', Whose & OneLine>
  | Event<'PickShorted', Where & OneLine & { readonly reason: string; readonly stockEffect: StockEffect }>
  | Event<'ItemSorted', Whose & Units & { readonly cell: string; readonly workerId: string; readonly scanId: string }>
  | Event<'FulfillmentOrderPicked', Where & { readonly lines: readonly Units[] }>
  | Event<
      'PackageClosed',
      Where & {
        readonly packageId: string;
        readonly lines: readonly Units[];
        readonly weightGrams: number;
        readonly carton: string;
        readonly lengthMm: number;
        readonly widthMm: number;
        readonly heightMm: number;
        readonly workerId: string;
      }
    >
  | Event<'FulfillmentOrderClosed', Whose>
  | Event<'FulfillmentOrderCancellationRequested', Whose & { readonly cancellationId: string; readonly lines: readonly Units[]; readonly answerBy: string }>
  | Event<
      'FulfillmentOrderCancelled',
      Where & {
        readonly cancellationId: string;
        readonly lines: readonly Units[];
        readonly stockEffect: StockEffect;
        readonly withdrawn: readonly WithdrawnUnits[];
      }
    >
  | Event<
      'FulfillmentOrderCancellationRefused',
      Whose & { readonly cancellationId: string; readonly reason: 'not_mine' | 'third_party_refused'; readonly shares: readonly PackedShare[] }
    >
  | Event<'PutBackPlanned', Whose & Units & { readonly taskId: string; readonly bin: string }>
  | Event<'PutBackDone', Whose & { readonly taskId: string; readonly workerId: string }>;

/** One stop of a pick list: so many units of a SKU at a bin, for one fulfillment order and its cell of the put wall. */
export type PickListEntry = Units & { readonly fulfillmentOrderId: string; readonly bin: string; readonly cell: string };

/** The facts of one pick list (stream `pick-list-<id>`). */
export type PickListEvent =
  | Event<'PickListCreated', { readonly pickListId: string; readonly centerId: string; readonly entries: readonly PickListEntry[] }>
  | Event<'PickListAssigned', { readonly pickListId: string; readonly workerId: string }>
  | Event<'PickListCompleted', { readonly pickListId: string }>;
