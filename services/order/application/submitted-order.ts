import type { OrderPlacedData } from '@orderlog/order-domain';
import type { PersonalData } from './personal-data.js';

/** What the service adds to an order that was submitted. */
type Added = 'orderId' | 'personalDataVersion' | 'personalDataDigest' | 'trackingToken' | 'receivedAt' | 'requestDigest' | 'tenantId';

/** An order as it was submitted, parted into what the log may hold and what it may not. Every field spelled, in one fixed order. */
export type SubmittedOrder = { readonly order: Omit<OrderPlacedData, Added>; readonly personal: PersonalData };
