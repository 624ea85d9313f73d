import { isRefusal } from '@orderlog/decider';
import type { EventLog } from '@orderlog/event-log';
import { isTrackingNumber, scanRefusal, shipmentStream, type CarrierScan, type Shipment, type ShipmentEvent } from '@orderlog/shipping-domain';
import { isParked } from './hand-over-packages.js';
import type { PackageOwner, PackageRegister, ScanQuarantine } from './ports.js';
import { shipments } from './shipments.js';

/** A scan as the webhook brought it. */
export type IncomingScan = Omit<CarrierScan, 'packageId'> & { readonly carrier: string };

/** What became of a webhook's scans. */
export type ScansTaken = { readonly recorded: number; readonly duplicates: number; readonly quarantined: number };

/** What recording stands on. */
export type ScanDesk = { readonly log: EventLog; readonly register: PackageRegister; readonly quarantine: ScanQuarantine };

type Placed = { readonly incoming: IncomingScan; readonly scan: CarrierScan; readonly owner: PackageOwner };

const scanOf = ({ carrier: _carrier, ...scan }: IncomingScan, { packageId }: PackageOwner): CarrierScan => ({ ...scan, packageId });

/** Why a scan of a batch was not recorded, judged on the state after the batch. */
const reasonOf = ({ scan }: Placed, state: Shipment): string | undefined => scanRefusal(state.packages.get(scan.packageId), scan);

const recordedIn = (events: readonly ShipmentEvent[]): number => events.filter(({ type }) => type === 'TrackingScanRecorded').length;

/**
 * Records a webhook's scans: one command a fulfillment order. What cannot be placed is kept for people to look at and counts as
 * taken, because a carrier would send it for ever. A webhook that comes again finds its scans recorded.
 */
export const recordCarrierScans = async ({ log, register, quarantine }: ScanDesk, webhookId: string, scans: readonly IncomingScan[]): Promise<ScansTaken> => {
  const refused: { readonly incoming: IncomingScan; readonly reason: string }[] = [];
  const readable = scans.filter((incoming) => {
    const isRight = isTrackingNumber(incoming.trackingNumber);
    if (!isRight) refused.push({ incoming, reason: 'wrong_check_digit' });
    return isRight;
  });
  const owners = await register.byTrackingNumber(readable);
  const byFulfillmentOrder = new Map<string, Placed[]>();
  for (const incoming of readable) {
    const owner = owners.get(`${incoming.carrier}/${incoming.trackingNumber}`);
    if (owner === undefined) refused.push({ incoming, reason: 'unknown_tracking_number' });
    else {
      const placed = { incoming, owner, scan: scanOf(incoming, owner) };
      byFulfillmentOrder.set(owner.fulfillmentOrderId, [...(byFulfillmentOrder.get(owner.fulfillmentOrderId) ?? []), placed]);
    }
  }
  let recorded = 0;
  const recordOne = async (fulfillmentOrderId: string, placed: readonly Placed[]): Promise<void> => {
    const [{ owner, incoming } = { owner: undefined, incoming: undefined }] = placed;
    if (owner === undefined || incoming === undefined) return;
    const context = {
      tenantId: owner.tenantId,
      actor: { type: 'carrier', id: incoming.carrier },
      commandId: webhookId,
      correlationId: owner.orderId,
    } as const;
    try {
      const outcome = await log.execute(
        shipments,
        shipmentStream(fulfillmentOrderId),
        { type: 'RecordScans', data: { scans: placed.map(({ scan }) => scan) } },
        context,
      );
      if (isRefusal(outcome)) throw new Error(`scans were refused as a whole: ${outcome.refused}`);
      recorded += recordedIn(outcome.events);
      for (const one of placed) {
        const reason = reasonOf(one, outcome.state);
        if (reason !== undefined) refused.push({ incoming: one.incoming, reason });
      }
    } catch (error) {
      if (!isParked(error)) throw error;
      for (const one of placed) refused.push({ incoming: one.incoming, reason: 'stream_parked' });
    }
  };
  await Promise.all([...byFulfillmentOrder].map(([id, placed]) => recordOne(id, placed)));
  await quarantine.keep(
    refused.map(({ incoming, reason }) => ({
      carrier: incoming.carrier,
      scanId: incoming.scanId,
      trackingNumber: incoming.trackingNumber,
      reason,
      scan: incoming,
    })),
  );
  return { recorded, duplicates: scans.length - recorded - refused.length, quarantined: refused.length };
};
