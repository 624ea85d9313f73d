import type { ShipmentEventOf } from '@orderlog/shipping-domain';
import type { Carrier } from './ports.js';

/** What the carrier said to a label that was given back. */
export type VoidOutcome = Awaited<ReturnType<Carrier['takeBack']>>;

/**
 * Tells the carrier that a label is not used. Too late or unknown ends it as well: the event stands, and what the carrier charges for it is
 * a matter for its invoice; `onUnvoidable` makes it seen.
 */
export const voidAtCarrier =
  (carrier: Carrier, onUnvoidable: (label: ShipmentEventOf<'LabelVoided'>['data'], outcome: VoidOutcome) => void) =>
  async (data: ShipmentEventOf<'LabelVoided'>['data']): Promise<void> => {
    const outcome = await carrier.takeBack(data);
    if (outcome !== 'taken_back') onUnvoidable(data, outcome);
  };
