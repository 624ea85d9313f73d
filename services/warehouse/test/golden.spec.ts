import { describeGoldenFolds, goldenStream } from '@orderlog/testing';
import { fulfillmentOrders, pickLists } from '../application/streams.js';

describeGoldenFolds('warehouse', [
  goldenStream(fulfillmentOrders, [
    'FulfillmentOrderRequested',
    'FulfillmentOrderAccepted',
    'FulfillmentOrderOverdue',
    'PickTaskPlanned',
    'ItemPicked',
    'PickUndone',
    'PickShorted',
    'FulfillmentOrderPicked',
    'ItemSorted',
    'FulfillmentOrderCancellationRequested',
    'FulfillmentOrderCancelled',
    'FulfillmentOrderCancellationRefused',
    'PutBackPlanned',
    'PutBackDone',
    'PackageClosed',
    'FulfillmentOrderClosed',
    'FulfillmentOrderRejected',
  ]),
  goldenStream(pickLists, ['PickListCreated', 'PickListAssigned', 'PickListCompleted']),
]);
