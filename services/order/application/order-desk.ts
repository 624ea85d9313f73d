import type { EventContext, RecordedEvent } from '@orderlog/contracts';
import { isRefusal, type Refusal } from '@orderlog/decider';
import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import { order, type Order, type OrderCommand, type OrderEvent, type OrderRefusal } from '@orderlog/order-domain';
import { isOrderId, orderAggregate, streamOf } from './aggregate.js';
import type { Clock } from './moment.js';
import { addPersonalData, readPersonalData, readPersonalDataOf, type PersonalData, type PostalAddress } from './personal-data.js';

/** An order as it stands: state, version, personal data, and when it last changed. */
export type OrderView = {
  readonly state: Order;
  readonly version: number;
  readonly personal: PersonalData | undefined;
  readonly updatedAt: string;
};

/** A command that only lacks its moment. */
export type DeskCommand = { [Type in OrderCommand['type']]: { type: Type; data: Omit<Extract<OrderCommand, { type: Type }>['data'], 'at'> } }[
  | 'RecordPayment'
  | 'RequestCancellation'
  | 'PlaceHold'
  | 'ReleaseHold'
  | 'ReceiveFeedback'
  | 'ResolveUndelivered'];

/** Everything that may be asked of one order that exists. `undefined`: the tenant has no such order. */
export type OrderDesk = {
  view(tenantId: string, orderId: string): Promise<OrderView | undefined>;
  /** As it was at a moment that is not to come: every event recorded until then. `not_placed`: it exists, and did not then. */
  viewAsOf(tenantId: string, orderId: string, moment: string): Promise<OrderView | 'not_placed' | undefined>;
  /** As it stood at a version. */
  viewAt(orderId: string, version: number): Promise<OrderView>;
  /** The state after the command. */
  execute(tenantId: string, orderId: string, command: DeskCommand, context: EventContext): Promise<Order | Refusal<OrderRefusal> | undefined>;
  changeAddress(
    tenantId: string,
    orderId: string,
    address: PostalAddress,
    context: EventContext,
  ): Promise<Order | Refusal<OrderRefusal> | undefined>;
  receiveFeedback(
    tenantId: string,
    orderId: string,
    feedback: { readonly score: number; readonly comment: string },
    context: EventContext,
  ): Promise<Order | Refusal<OrderRefusal> | undefined>;
  /** Only for the other services: the newest addresses, whatever the tenant, by order id; missing where there is no such order or its data was erased. */
  shippingAddresses(orderIds: readonly string[]): Promise<ReadonlyMap<string, { readonly version: number; readonly address: PostalAddress }>>;
};

/** What the desk is made of. */
export type DeskParts = {
  readonly log: EventLog;
  readonly sql: SqlExecutor;
  readonly clock: Clock;
  readonly digestOf: (personalData: string) => string;
};

/** A refusal on its way out of a transaction that has to be rolled back. */
class Refused extends Error {
  constructor(readonly refusal: Refusal<OrderRefusal>) {
    super(refusal.refused);
  }
}

const outOf = async (work: Promise<Order | undefined>): Promise<Order | Refusal<OrderRefusal> | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
};

/** Makes the desk. */
export const createOrderDesk = ({ log, sql, clock, digestOf }: DeskParts): OrderDesk => {
  const lastChange = async (orderId: string, version: number): Promise<string> => {
    const [last] = await log.read<OrderEvent>(streamOf(orderId), { after: version - 1, upTo: version });
    return last?.recordedAt ?? '';
  };
  const foldedView = async (orderId: string, events: readonly RecordedEvent<OrderEvent>[]): Promise<OrderView> => {
    const state = events.reduce(order.evolve, order.initialState);
    const personal = await readPersonalData(sql, orderId, state.personalDataVersion);
    return { state, version: events.length, personal, updatedAt: events.at(-1)?.recordedAt ?? '' };
  };
  const ownedBy = (state: Order, tenantId: string): boolean => state.placed !== undefined && state.placed.tenantId === tenantId;

  /** Writes personal data and the event that names it in one transaction; the command is judged first, so that a refusal writes nothing. */
  const withPersonalData = (
    tenantId: string,
    orderId: string,
    context: EventContext,
    write: (state: Order, tx: SqlExecutor) => Promise<OrderCommand>,
    rehearsal: OrderCommand,
  ): Promise<Order | Refusal<OrderRefusal> | undefined> =>
    outOf(
      log.transact(async (tx) => {
        const streamId = streamOf(orderId);
        const state = (await tx.load(orderAggregate, [streamId])).get(streamId)?.state;
        if (state === undefined || !ownedBy(state, tenantId)) return undefined;
        const rehearsed = order.decide(rehearsal, state);
        if (isRefusal(rehearsed)) throw new Refused(rehearsed);
        const [outcome] = await tx.decide(orderAggregate, [{ streamId, command: await write(state, tx), context }]);
        if (outcome === undefined || isRefusal(outcome)) throw outcome === undefined ? new Error('no outcome') : new Refused(outcome);
        return outcome.state;
      }),
    );

  return {
    view: async (tenantId, orderId) => {
      if (!isOrderId(orderId)) return undefined;
      const { state, version } = await log.state(orderAggregate, streamOf(orderId));
      if (!ownedBy(state, tenantId)) return undefined;
      const [personal, updatedAt] = await Promise.all([readPersonalData(sql, orderId, state.personalDataVersion), lastChange(orderId, version)]);
      return { state, version, personal, updatedAt };
    },
    viewAsOf: async (tenantId, orderId, moment) => {
      if (!isOrderId(orderId)) return undefined;
      const events = await log.read<OrderEvent>(streamOf(orderId));
      if (!ownedBy(events.slice(0, 1).reduce(order.evolve, order.initialState), tenantId)) return undefined;
      const until = new Date(moment).toISOString();
      // A stream's times do not go back, and all have the same form: later is greater, as text too.
      const known = events.filter(({ recordedAt }) => recordedAt <= until);
      return known.length === 0 ? 'not_placed' : foldedView(orderId, known);
    },
    viewAt: async (orderId, version) => foldedView(orderId, await log.read<OrderEvent>(streamOf(orderId), { upTo: version })),
    execute: async (tenantId, orderId, command, context) => {
      if (!isOrderId(orderId)) return undefined;
      const streamId = streamOf(orderId);
      const { state } = await log.state(orderAggregate, streamId);
      if (!ownedBy(state, tenantId)) return undefined;
      // Name and data come from one union member; spreading loses that for the compiler.
      const timed = { type: command.type, data: { ...command.data, at: clock() } } as OrderCommand;
      const outcome = await log.execute(orderAggregate, streamId, timed, context);
      return isRefusal(outcome) ? outcome : outcome.state;
    },
    changeAddress: async (tenantId, orderId, address, context) => {
      if (!isOrderId(orderId)) return undefined;
      const { countryCode, region, postalCode, city } = address;
      const command = (personalDataVersion: number, personalDataDigest: string): OrderCommand => ({
        type: 'ChangeAddress',
        data: { destination: { countryCode, region, postalCode, city }, personalDataVersion, personalDataDigest, at: clock() },
      });
      const write = async (state: Order, tx: SqlExecutor): Promise<OrderCommand> => {
        const known = await readPersonalData(tx, orderId, state.personalDataVersion);
        const nobody = { customer: { name: '', email: '', phone: '' }, instructions: '', giftMessage: '', taxId: '', giftMessages: {} };
        const data: PersonalData = { ...(known ?? nobody), shippingAddress: address };
        return command(await addPersonalData(tx, orderId, 'order', data), digestOf(JSON.stringify(data)));
      };
      return withPersonalData(tenantId, orderId, context, write, command(0, ''));
    },
    receiveFeedback: async (tenantId, orderId, { score, comment }, context) => {
      if (!isOrderId(orderId)) return undefined;
      const command = (personalDataVersion: number): OrderCommand => ({ type: 'ReceiveFeedback', data: { score, personalDataVersion, at: clock() } });
      const write = async (_state: Order, tx: SqlExecutor): Promise<OrderCommand> =>
        command(comment === '' ? 0 : await addPersonalData(tx, orderId, 'feedback', { comment }));
      return withPersonalData(tenantId, orderId, context, write, command(0));
    },
    shippingAddresses: async (orderIds) => {
      const states = await Promise.all([...new Set(orderIds.filter(isOrderId))].map(async (orderId) => ({ orderId, state: (await log.state(orderAggregate, streamOf(orderId))).state })));
      const versions = new Map(states.flatMap(({ orderId, state }) => (state.placed === undefined ? [] : [[orderId, state.personalDataVersion]])));
      if (versions.size === 0) return new Map();
      const personal = await readPersonalDataOf(sql, [...versions].map(([orderId, version]) => ({ orderId, version })));
      return new Map([...personal].map(([orderId, { shippingAddress: address }]) => [orderId, { version: versions.get(orderId) ?? 0, address }]));
    },
  };
};
