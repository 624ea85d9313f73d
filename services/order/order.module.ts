import { createHmac, randomBytes } from 'node:crypto';
import { Inject, Module } from '@nestjs/common';
import { backgroundStep, BackboneModule, COPIES_ARE_READ, copy, DATA_SOURCE, EVENT_LOG, SQL, takeTurns, type Turns } from '@orderlog/backbone';
import type { ItemCopy } from '@orderlog/contracts';
import { CONFIG, LIFECYCLE, LOGGER, type Lifecycle } from '@orderlog/edge';
import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { Logger } from '@orderlog/observability';
import type { DataSource } from 'typeorm';
import { OrderAddressesController } from './api/grpc/order-addresses.controller.js';
import { OrderServiceController } from './api/grpc/order-service.controller.js';
import { OrderCommandsController } from './api/http/order-commands.controller.js';
import { OrdersController } from './api/http/orders.controller.js';
import { createIntake } from './api/intake.js';
import { OtherServicesListener } from './api/kafka/other-services.listener.js';
import { measuredIntake } from './api/measured-intake.js';
import { CLOCK, INTAKE, ITEMS, ORDER_DESK, ORDER_SUMMARY, ORDER_TIMELINE, PLACE_ORDERS } from './api/tokens.js';
import { trackingUrlOf } from './api/tracking-url.js';
import { orderTimerHandlers } from './application/follow-time.js';
import { createItems, type Items } from './application/items.js';
import { stageClock, type Clock } from './application/moment.js';
import { createOrderDesk, type OrderDesk } from './application/order-desk.js';
import { createPlaceOrders, forgetOldKeys, type PlaceOrders } from './application/place-order.js';
import { releaseKnown } from './application/release-known.js';
import { tellShipped } from './application/tell-shipped.js';
import type { OrderConfig } from './config.js';
import { smtpMailer } from './infrastructure/smtp.client.js';
import { observeOrderLevels } from './read-models/order-summary/order-levels.js';
import { orderSummary } from './read-models/order-summary/order-summary.projection.js';
import { orderSummaryQueries, type OrderSummaryQueries } from './read-models/order-summary/order-summary.queries.js';
import { OrderSummaryRow } from './read-models/order-summary/order-summary.row.js';
import { orderTimelineQueries } from './read-models/order-timeline/order-timeline.queries.js';
import { ReceivedFactsRow } from './read-models/order-timeline/received-facts.row.js';

/** Keyed digest of personal data; the key is the service's, so that the log's digests cannot be guessed from known addresses. */
const DIGEST = Symbol('orderlog:personal-data-digest');
const MAILER = Symbol('orderlog:mailer');
const RELEASING = Symbol('orderlog:releasing-known');

type Digest = (text: string) => string;
type OwnMailer = ReturnType<typeof smtpMailer> | undefined;

const tokenBytes = 18;
let drawn = Buffer.alloc(0);
let used = 0;
/** Unguessable; drawn 256 at a time, since asking the system for each order would cost as much as judging it. */
const newTrackingToken = (): string => {
  if (used >= drawn.length) [drawn, used] = [randomBytes(256 * tokenBytes), 0];
  used += tokenBytes;
  return drawn.toString('base64url', used - tokenBytes, used);
};

const keysKeptDays = 7;
const cleaningMs = 10 * 60_000;
/** An order may be held a moment after its item became known: the list is a little behind. */
const releaseIdleMs = 10_000;
const releaseGatherMs = 250;

const mailerOf = ({ smtpUrl, mailFrom }: OrderConfig, logger: Logger): OwnMailer => {
  if (smtpUrl !== '') return smtpMailer(smtpUrl, mailFrom);
  logger.info('SMTP_URL is not set: no letters are sent');
  return undefined;
};

/** The order service: its wiring and nothing else. */
@Module({
  imports: [
    BackboneModule.forService({
      name: 'order',
      prefix: '/v1/orders',
      entities: [OrderSummaryRow, ReceivedFactsRow],
      projections: ({ log }) => [orderSummary(log)],
      timers: ({ get }) => orderTimerHandlers(get<Clock>(CLOCK)),
      effects: ({ log, sql, config, logger, get }) => [
        tellShipped({
          log,
          sql,
          mailer: get<OwnMailer>(MAILER),
          trackingUrl: trackingUrlOf(config.publicUrl),
          onGivenUp: (effect, error) => logger.error({ effect, err: error }, 'a letter was given up'),
        }),
      ],
      copies: ({ get }) => [
        copy<ItemCopy>({
          topic: 'inventory.items',
          onRecord: ({ key, value }) => {
            get<Items>(ITEMS).keep(key, value);
            get<Turns>(RELEASING).wake();
          },
        }),
      ],
    }),
  ],
  controllers: [
    OrdersController,
    OrderCommandsController,
    OrderServiceController,
    OrderAddressesController,
    OtherServicesListener,
  ],
  providers: [
    { provide: CLOCK, inject: [CONFIG], useFactory: ({ stageTimes }: OrderConfig) => stageClock(stageTimes) },
    { provide: ITEMS, useFactory: createItems },
    { provide: MAILER, inject: [CONFIG, LOGGER], useFactory: mailerOf },
    {
      provide: DIGEST,
      inject: [CONFIG],
      useFactory:
        ({ personalDataKey }: OrderConfig): Digest =>
        (text) =>
          createHmac('sha256', personalDataKey).update(text).digest('hex'),
    },
    {
      provide: PLACE_ORDERS,
      inject: [EVENT_LOG, CLOCK, DIGEST, CONFIG],
      useFactory: (log: EventLog, clock: Clock, digestOf: Digest, { placing }: OrderConfig) =>
        createPlaceOrders({ log, clock, digestOf, newTrackingToken, limits: placing }),
    },
    {
      provide: ORDER_DESK,
      inject: [EVENT_LOG, SQL, CLOCK, DIGEST],
      useFactory: (log: EventLog, sql: SqlExecutor, clock: Clock, digestOf: Digest) => createOrderDesk({ log, sql, clock, digestOf }),
    },
    {
      provide: INTAKE,
      inject: [PLACE_ORDERS, ORDER_DESK, ITEMS, COPIES_ARE_READ, SQL, CONFIG],
      useFactory: (placeOrders: PlaceOrders, desk: OrderDesk, items: Items, itemsAreRead: () => boolean, sql: SqlExecutor, { channels, publicUrl }: OrderConfig) =>
        measuredIntake(
          createIntake({
            placeOrders,
            desk,
            items,
            itemsAreRead,
            sql,
            releaseOnOf: (channel) => (Object.hasOwn(channels, channel) ? channels[channel]?.releaseOn : undefined) ?? 'authorized',
            trackingUrl: trackingUrlOf(publicUrl),
          }),
        ),
    },
    { provide: ORDER_SUMMARY, inject: [DATA_SOURCE], useFactory: orderSummaryQueries },
    {
      provide: RELEASING,
      inject: [EVENT_LOG, ORDER_DESK, ITEMS, ORDER_SUMMARY, LOGGER],
      useFactory: (log: EventLog, desk: OrderDesk, items: Items, summary: OrderSummaryQueries, logger: Logger) =>
        takeTurns({
          turn: async () => {
            const released = await releaseKnown({ log, desk, items, waiting: (after, limit) => summary.onHoldFor('UNKNOWN_SKU', after, limit) });
            if (released > 0) logger.info({ released }, 'orders were released, their items are known now');
            return false;
          },
          idleMs: releaseIdleMs,
          gatherMs: releaseGatherMs,
          onError: (error) => logger.warn({ err: error }, 'holds for unknown items were not looked through'),
        }),
    },
    { provide: ORDER_TIMELINE, inject: [EVENT_LOG, DATA_SOURCE], useFactory: orderTimelineQueries },
  ],
})
export class OrderModule {
  constructor(
    @Inject(LIFECYCLE) lifecycle: Lifecycle,
    @Inject(PLACE_ORDERS) placeOrders: PlaceOrders,
    @Inject(SQL) sql: SqlExecutor,
    @Inject(DATA_SOURCE) source: DataSource,
    @Inject(LOGGER) logger: Logger,
    @Inject(MAILER) mailer: OwnMailer,
    @Inject(RELEASING) releasing: Turns,
  ) {
    lifecycle.add(backgroundStep('releasing orders of known items', [releasing]));
    let cleaning: NodeJS.Timeout | undefined;
    lifecycle.add({
      name: 'placing',
      start: async () => {
        let isCleaning = false;
        const clean = (): void => {
          if (isCleaning) return;
          isCleaning = true;
          void forgetOldKeys(sql, keysKeptDays)
            .catch((error: unknown) => logger.warn({ err: error }, 'old idempotency keys stay'))
            .finally(() => (isCleaning = false));
        };
        cleaning = setInterval(clean, cleaningMs);
        cleaning.unref();
      },
      stop: async () => {
        clearInterval(cleaning);
        await placeOrders.drain();
        mailer?.close();
      },
    });
    let stopObserving: readonly (() => void)[] = [];
    lifecycle.add({
      name: 'order levels',
      start: async () => {
        stopObserving = observeOrderLevels(source, logger);
      },
      stop: async () => {
        for (const stop of stopObserving) stop();
      },
    });
  }
}
