import type { RefusalTable } from '@orderlog/edge';
import type { ShipmentRefusal } from '@orderlog/shipping-domain';
import type { PrintRefusal } from '../../application/print-label.js';

/** What a refusal of this service means to an HTTP caller. */
export const shippingRefusals: RefusalTable<ShipmentRefusal | PrintRefusal> = {
  UnknownPackage: { slug: 'not-found', status: 404, title: 'There is nothing here' },
  NoCarrier: { slug: 'no-carrier', status: 409, title: 'No carrier is configured for this service level' },
  LabelNotFailed: { slug: 'label-not-failed', status: 409, title: 'Only a label that failed can be asked for again' },
  NoLabel: { slug: 'no-label', status: 409, title: 'This package has no label in use' },
  NoAddress: { slug: 'address-erased', status: 409, title: 'The address of this order was erased' },
};
