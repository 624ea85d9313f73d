import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { EffectHandler } from '@orderlog/messaging';
import { shippedNotice, type Order, type Package } from '@orderlog/order-domain';
import { orderAggregate, orderIdOfStream } from './aggregate.js';
import { readPersonalData } from './personal-data.js';

/** A letter to a customer. */
export type Letter = { readonly id: string; readonly to: string; readonly subject: string; readonly text: string };
/** Sends letters; undefined where no mail server is configured. */
export type Mailer = { readonly send: (letter: Letter) => Promise<void> };

/** What the notice is made of. */
export type NoticeParts = {
  readonly log: EventLog;
  readonly sql: SqlExecutor;
  readonly mailer: Mailer | undefined;
  /** Where customers follow an order. */
  readonly trackingUrl: (token: string) => string;
  /** Hears that a letter was given up; gets no personal data. */
  readonly onGivenUp: (key: string, error: unknown) => void;
};

const boxOf = (order: Order, packageId: string): Package | undefined =>
  order.fulfillments.flatMap((fulfillment) => fulfillment.packages).find((box) => box.id === packageId);

const letterText = (order: Order, box: Package, trackingUrl: string): string => {
  const names = new Map(order.placed?.lines.map((line) => [line.lineId, line.name === '' ? line.sku : line.name]));
  const contents = box.lines.map(({ lineId, sku, quantity }) => `  ${quantity} x ${names.get(lineId) ?? sku}`);
  return [
    `A package of your order ${numberOf(order)} is on its way to you:`,
    '',
    ...contents,
    '',
    `Carrier: ${box.carrier}, tracking number ${box.trackingNumber}`,
    ...(box.trackingUrl === '' ? [] : [`At the carrier: ${box.trackingUrl}`]),
    `Follow your order: ${trackingUrl}`,
    '',
  ].join('\n');
};

const numberOf = ({ placed }: Order): string => (placed === undefined ? '' : placed.number === '' ? placed.externalReference : placed.number);

/** One letter for each package that left, with its tracking link. */
export const tellShipped = ({ log, sql, mailer, trackingUrl, onGivenUp }: NoticeParts): EffectHandler => ({
  kind: shippedNotice,
  concurrencyMax: 16,
  attemptsMax: 8,
  run: async ({ key, streamId, data }) => {
    if (mailer === undefined) return;
    const { packageId } = data as { readonly packageId: string };
    const { state } = await log.state(orderAggregate, streamId);
    const box = boxOf(state, packageId);
    if (state.placed === undefined || box === undefined) return;
    const personal = await readPersonalData(sql, orderIdOfStream(streamId), state.personalDataVersion);
    const to = personal?.customer.email ?? '';
    // No address, or erased: there is nobody to tell.
    if (to === '') return;
    const text = letterText(state, box, trackingUrl(state.placed.trackingToken));
    // The same id at every attempt: a server that got it twice can tell.
    await mailer.send({ id: key.replaceAll('/', '.'), to, subject: `Your order ${numberOf(state)} is on its way`, text });
  },
  exhausted: async ({ key }, error) => onGivenUp(key, error),
});
