import { orderStatus, quantitiesByLine, tally, type Order } from '@orderlog/order-domain';
import type { AnswerRecord } from '../dump-format.js';
import type { UnitsByPlace } from './order-law.js';
import { list, object, text } from './row.js';

const ended: ReadonlySet<string> = new Set(['rejected', 'cancelled', 'closed', 'delivered']);

/** Nothing further is to happen to it. */
export const hasEnded = (order: Order): boolean => ended.has(orderStatus(order));

/** Why an order is not at rest after everything has healed and come to rest, or undefined (I13). */
export const whyNotAtRest = (order: Order, waitsForPayment: boolean): string | undefined => {
  const units = tally(order);
  const status = orderStatus(order, units);
  if (ended.has(status)) return undefined;
  if (order.holds.length > 0) return order.holds.some(({ reason }) => reason === '') ? 'it is on hold without a reason' : undefined;
  const moving = units.open + units.routed + units.allocated + units.released + units.picked + units.packed + units.shipped;
  if (moving === 0 && units.backordered > 0) return order.reviewAt === '' ? 'it waits for stock without a date of review' : undefined;
  if (waitsForPayment && units.open + units.routed + units.released + units.picked + units.packed + units.shipped === 0) return undefined;
  return `it is ${status}, neither ended nor waiting nor on hold`;
};

/** Where the law of the checker and the fold of the service see units in different places (I9). */
export const disagreement = (law: UnitsByPlace, order: Order): string | undefined => {
  const fold = tally(order);
  const said: UnitsByPlace = {
    open: fold.open,
    backordered: fold.backordered,
    routed: fold.routed,
    allocated: fold.allocated,
    inCenter: fold.released + fold.picked,
    packed: fold.packed,
    shipped: fold.shipped,
    delivered: fold.delivered,
    undelivered: fold.undelivered,
    cancelled: fold.cancelled,
  };
  const places = Object.keys(law) as (keyof UnitsByPlace)[];
  const wrong = places.filter((place) => law[place] !== said[place]);
  return wrong.length === 0 ? undefined : wrong.map((place) => `${place}: ${said[place]} by the fold, ${law[place]} by its events`).join(', ');
};

/** Where the answer to GET /v1/orders/{id} is not the fold of the log (I10). */
export const wrongAnswer = (order: Order, version: number, answer: AnswerRecord): string | undefined => {
  if (answer.version !== version) return `version ${answer.version} is answered, the log ends at ${version}`;
  const status = orderStatus(order);
  if (answer.status !== status) return `status ${answer.status} is answered, the log says ${status}`;
  const places = quantitiesByLine(order);
  for (const line of list(answer.body['lines'])) {
    const told = object(line['quantities']);
    for (const [place, quantity] of Object.entries(places.get(text(line['id'])) ?? {})) {
      if (told[place] !== undefined && told[place] !== quantity) return `line ${text(line['id'])}: ${String(told[place])} units ${place} are answered, the log says ${quantity}`;
    }
  }
  return undefined;
};
