import type { EffectHandler } from '@orderlog/messaging';
import type { Logger } from '@orderlog/observability';
import type { LabelPurchaseRequested, ShipmentEventOf } from '@orderlog/shipping-domain';
import { buyLabels, giveUpLabel, labelsPerCallMax, type LabelDesk } from '../../application/buy-labels.js';
import type { Carrier } from '../../application/ports.js';
import { buyLabelEffect, voidLabelEffect } from '../../application/shipments.js';
import { voidAtCarrier } from '../../application/void-label.js';

type Purchase = LabelPurchaseRequested['data'];
type Voided = ShipmentEventOf<'LabelVoided'>['data'];

/** Buys the labels that events asked for: as many at once as two calls to the carrier hold. */
export const buyLabelHandler = (desk: LabelDesk, attemptsMax: number): EffectHandler => {
  const buy = buyLabels(desk);
  return {
    kind: buyLabelEffect,
    concurrencyMax: labelsPerCallMax * 2,
    attemptsMax,
    run: ({ key, data, attempt }) => buy({ data: data as Purchase, effectKey: key, attempt }),
    exhausted: ({ data }) => giveUpLabel(desk, data as Purchase),
  };
};

/** Tells the carrier of labels that are not used. */
export const voidLabelHandler = (carrier: Carrier, attemptsMax: number, logger: Logger): EffectHandler => {
  const takeBack = voidAtCarrier(carrier, ({ packageId, trackingNumber }, outcome) => {
    logger.warn({ packageId, trackingNumber, outcome }, 'a label could not be given back');
  });
  return {
    kind: voidLabelEffect,
    concurrencyMax: 8,
    attemptsMax,
    run: ({ data }) => takeBack(data as Voided),
    exhausted: async ({ data }, error) => {
      const { packageId, trackingNumber } = data as Voided;
      logger.error({ packageId, trackingNumber, err: error }, 'the carrier never heard that a label is not used');
    },
  };
};
