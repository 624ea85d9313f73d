import type { EventContext } from '@orderlog/contracts';
import { isRefusal } from '@orderlog/decider';
import type { EventLog, StreamCommand } from '@orderlog/event-log';
import { shipmentStream, type LabelPurchaseRequested, type ShipmentCommand } from '@orderlog/shipping-domain';
import { inBatches } from './in-batches.js';
import type { Address, Addresses, Carrier, LabelOrder, LabelResult, PackageRegister, ReferenceData } from './ports.js';
import { shipments } from './shipments.js';

/** Labels bought with one call. */
export const labelsPerCallMax = 50;

/** What buying stands on. */
export type LabelDesk = {
  readonly log: EventLog;
  readonly carrier: Carrier;
  readonly addresses: Addresses;
  readonly reference: ReferenceData;
  readonly register: PackageRegister;
};

/** One purchase that an event asked for. `effectKey` is `<stream>/<version>` of that event: the label key, unless staff retried. */
export type Purchase = { readonly data: LabelPurchaseRequested['data']; readonly effectKey: string; readonly attempt: number };

/** Who wrote the events of a purchase; the tenant is the stream's own. */
export const contextOfPurchase = (tenantId: string, orderId: string, labelKey: string): EventContext => ({
  tenantId,
  actor: { type: 'service', id: 'shipping' },
  commandId: labelKey,
  correlationId: orderId,
});

const orderOf = ({ data }: Purchase, to: Address, reference: ReferenceData): LabelOrder => ({
  key: data.labelKey,
  packageId: data.packageId,
  carrier: data.carrier,
  serviceLevel: data.serviceLevel,
  weightGrams: Math.max(1, data.weightGrams),
  lengthMm: data.lengthMm,
  widthMm: data.widthMm,
  heightMm: data.heightMm,
  description: data.lines[0]?.sku ?? '',
  from: reference.originOf(data.centerId),
  to,
});

const commandOf = ({ data }: Purchase, result: LabelResult): ShipmentCommand => {
  const { packageId, labelKey, carrier } = data;
  return 'label' in result
    ? { type: 'RecordLabel', data: { ...result.label, packageId, labelKey } }
    : { type: 'RecordLabelRefusal', data: { packageId, labelKey, carrier, reason: result.refused } };
};

/** Whether anybody still waits for it: an attempt that comes late may find the package withdrawn or the purchase settled. */
const isWanted = async (log: EventLog, { data }: Purchase): Promise<boolean> => {
  const { state } = await log.state(shipments, shipmentStream(data.fulfillmentOrderId));
  const box = state.packages.get(data.packageId);
  return box !== undefined && box.status !== 'cancelled' && box.purchase?.key === data.labelKey;
};

/** A purchase that was begun before may have succeeded: by an earlier attempt, or under a key that staff took up again. */
const mayBeBought = ({ data, effectKey, attempt }: Purchase): boolean => attempt > 1 || effectKey !== data.labelKey;

const results = async (desk: LabelDesk, purchases: readonly Purchase[]): Promise<readonly LabelResult[]> => {
  const { carrier, addresses, reference } = desk;
  const orderIds = [...new Set(purchases.map(({ data }) => data.orderId))];
  const oldKeys = purchases.filter(mayBeBought).map(({ data }) => data.labelKey);
  const [known, addressOf] = await Promise.all([
    oldKeys.length === 0 ? new Map<string, never>() : carrier.bought(oldKeys),
    addresses.shippingAddresses(orderIds),
  ]);
  const answers = new Map<string, LabelResult>();
  const orders: LabelOrder[] = [];
  for (const purchase of purchases) {
    const { labelKey: key, orderId } = purchase.data;
    const label = known.get(key);
    const address = addressOf.get(orderId);
    if (label !== undefined) answers.set(key, { key, label });
    else if (address === undefined) answers.set(key, { key, refused: 'no_address' });
    else orders.push(orderOf(purchase, address, reference));
  }
  for (const answer of orders.length === 0 ? [] : await carrier.buy(orders)) answers.set(answer.key, answer);
  return purchases.map(({ data: { labelKey } }) => {
    const answer = answers.get(labelKey);
    if (answer === undefined) throw new Error(`the carrier did not answer ${labelKey}`);
    return answer;
  });
};

/** Writes what the carrier answered, and the register of its labels, in one transaction. */
const record = async ({ log, register }: LabelDesk, purchases: readonly Purchase[], answers: readonly LabelResult[]): Promise<void> => {
  const owners = await register.owners(purchases.map(({ data }) => data.packageId));
  const commands = purchases.map((purchase, n): StreamCommand<ShipmentCommand> => {
    const { orderId, fulfillmentOrderId, packageId, labelKey } = purchase.data;
    const tenantId = owners.get(packageId)?.tenantId;
    const answer = answers[n];
    if (tenantId === undefined || answer === undefined) throw new Error(`${packageId} is not in the register or was not answered`);
    return {
      streamId: shipmentStream(fulfillmentOrderId),
      command: commandOf(purchase, answer),
      context: contextOfPurchase(tenantId, orderId, labelKey),
    };
  });
  await log.transact(async (tx) => {
    const outcomes = await tx.decide(shipments, commands);
    const bought = outcomes.flatMap((outcome) =>
      isRefusal(outcome) ? [] : outcome.events.flatMap((event) => (event.type === 'LabelPurchased' ? [event.data] : [])),
    );
    if (bought.length > 0) await register.enterLabels(tx, bought);
  });
};

/**
 * Buys labels, many with one call. A purchase that was begun before is looked up at the carrier first, and the carrier knows the key
 * as well: whatever crashes between selling and recording, a package has one label.
 */
export const buyLabels = (desk: LabelDesk): ((purchase: Purchase) => Promise<void>) => {
  const buy = inBatches(async (purchases: readonly Purchase[]): Promise<readonly true[]> => {
    const isWorthIt = await Promise.all(purchases.map(async (purchase) => !mayBeBought(purchase) || isWanted(desk.log, purchase)));
    const wanted = purchases.filter((_, n) => isWorthIt[n]);
    if (wanted.length > 0) await record(desk, wanted, await results(desk, wanted));
    return purchases.map(() => true);
  }, labelsPerCallMax);
  return async (purchase) => {
    await buy(purchase);
  };
};

/** The carrier did not answer, however often it was asked: recorded, so that the order is held and staff retry. */
export const giveUpLabel = async ({ log, register }: Pick<LabelDesk, 'log' | 'register'>, { packageId, fulfillmentOrderId, orderId, labelKey }: Purchase['data']): Promise<void> => {
  const owner = (await register.owners([packageId])).get(packageId);
  if (owner === undefined) throw new Error(`${packageId} is not in the register`);
  const command: ShipmentCommand = { type: 'RecordSilentCarrier', data: { packageId, labelKey } };
  await log.execute(shipments, shipmentStream(fulfillmentOrderId), command, contextOfPurchase(owner.tenantId, orderId, labelKey));
};
