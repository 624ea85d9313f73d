import { describeGoldenFolds, goldenStream } from '@orderlog/testing';
import { adjustments, backorders, counts, items, receipts, reservations } from '../application/streams.js';

describeGoldenFolds('inventory', [
  goldenStream(reservations, [
    'StockReserved',
    'ReservationRejected',
    'ReservationCommitted',
    'StockShipped',
    'ReservationReleased',
    'ReservationExpired',
    'ReservationLost',
  ]),
  goldenStream(backorders, ['BackorderQueued', 'BackorderCovered', 'BackorderWithdrawn']),
  goldenStream(items, ['ItemDefined']),
  goldenStream(receipts, ['StockReceived']),
  goldenStream(adjustments, ['StockAdjusted']),
  goldenStream(counts, ['StockCounted']),
]);
