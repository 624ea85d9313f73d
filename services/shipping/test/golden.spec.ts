import { describeGoldenFolds, goldenStream } from '@orderlog/testing';
import { shipments } from '../application/shipments.js';

describeGoldenFolds('shipping', [
  goldenStream(shipments, [
    'LabelPurchaseRequested',
    'LabelRefused',
    'LabelFailed',
    'LabelPurchased',
    'ShipmentAddressChanged',
    'LabelVoided',
    'ShipmentHandedOver',
    'TrackingScanRecorded',
    'DeliveryAttemptFailed',
    'PackageDelivered',
    'PackageReturnedToSender',
    'PackageLost',
    'ShipmentCancellationNoted',
    'ShipmentCancelled',
    'ShipmentCancellationRefused',
  ]),
]);
