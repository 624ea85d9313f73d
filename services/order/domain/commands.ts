import type { Command } from '@orderlog/decider';
import type { Destination, OrderPlacedData, Payment } from './events.js';
import type { FollowFact, Moment } from './facts.js';

/** What a caller wants cancelled: units of a line. */
export type LineCancellation = { readonly lineId: string; readonly quantity: number };

/** What callers may ask of an order, and the timers that speak to it. */
export type OrderRequest =
  /** `unknownSkuLines`: lines with an unknown SKU that are to be held instead of refused (channels and imports). */
  | Command<'PlaceOrder', { readonly order: OrderPlacedData; readonly unknownSkuLines: readonly string[]; readonly at: Moment }>
  | Command<'RecordPayment', { readonly payment: Payment; readonly at: Moment }>
  /** Without lines: every unit that has not left. */
  | Command<
      'RequestCancellation',
      {
        readonly cancellationId: string;
        readonly lines: readonly LineCancellation[];
        readonly reason: string;
        readonly note: string;
        readonly at: Moment;
      }
    >
  | Command<
      'ChangeAddress',
      { readonly destination: Destination; readonly personalDataVersion: number; readonly personalDataDigest: string; readonly at: Moment }
    >
  | Command<
      'PlaceHold',
      { readonly holdId: string; readonly reason: string; readonly detail: string; readonly lineIds: readonly string[]; readonly at: Moment }
    >
  | Command<'ReleaseHold', { readonly holdId: string; readonly detail: string; readonly at: Moment }>
  | Command<'ReceiveFeedback', { readonly score: number; readonly personalDataVersion: number; readonly at: Moment }>
  | Command<'ResolveUndelivered', { readonly packageId: string; readonly action: 'resend' | 'cancel'; readonly at: Moment }>
  | Command<'CheckPayment', { readonly at: Moment }>
  | Command<'CheckStage', { readonly at: Moment }>
  | Command<'ReviewBackorder', { readonly at: Moment }>
  | Command<'EndFeedbackWindow', { readonly at: Moment }>;

/** Everything an order can be told. */
export type OrderCommand = OrderRequest | FollowFact;
/** The data of one kind of request. */
export type RequestData<Type extends OrderRequest['type']> = Extract<OrderRequest, { type: Type }>['data'];

/** Why an order says no. */
export type OrderRefusal =
  | 'OrderUnknown'
  | 'OrderAlreadyPlaced'
  | 'TotalsMismatch'
  | 'DuplicateLine'
  | 'PickupNotOffered'
  | 'AmountTooLarge'
  | 'OrderEnded'
  | 'LineUnknown'
  | 'QuantityExceedsOrdered'
  | 'HandedOver'
  | 'NothingToCancel'
  | 'CancellationPending'
  | 'PackageClosed'
  | 'HoldUnknown'
  | 'HoldEndsOtherwise'
  | 'PackageUnknown'
  | 'PackageNotUndelivered'
  | 'NotDelivered'
  | 'FeedbackAlreadyReceived'
  | 'FulfillmentUnknown';
