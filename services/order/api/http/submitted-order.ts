import type { Payment } from '@orderlog/order-domain';
import type { PersonalData, PostalAddress } from '../../application/personal-data.js';
import type { SubmittedOrder } from '../../application/submitted-order.js';
import type { AddressRequest, PaymentRequest, PlaceOrderRequest } from './place-order.request.js';

// From the document that callers send to what the service keeps: every field spelled, in one fixed order, so that two documents that
// say the same in another order, or over another transport, have the same digest.

const instant = (text: string | undefined): string => (text === undefined ? '' : new Date(text).toISOString());

const nothing: Readonly<Record<string, string>> = {};
const sorted = (map: Record<string, string> | undefined): Readonly<Record<string, string>> => {
  if (map === undefined) return nothing;
  const keys = Object.keys(map).sort();
  const copy: Record<string, string> = {};
  for (const key of keys) copy[key] = map[key] ?? '';
  return copy;
};

/** An address with every field spelled. */
export const postalAddress = (address: AddressRequest): PostalAddress => ({
  name: address.name,
  company: address.company ?? '',
  line1: address.line1,
  line2: address.line2 ?? '',
  city: address.city,
  region: address.region ?? '',
  postalCode: address.postalCode ?? '',
  countryCode: address.countryCode,
  phone: address.phone ?? '',
});

/** A payment with every field spelled; none means that it is pending. */
export const paymentOf = (payment: PaymentRequest | undefined): Payment => ({
  status: payment?.status ?? 'pending',
  reference: payment?.reference ?? '',
  authorizedAmount: payment?.authorizedAmount ?? 0,
  capturedAmount: payment?.capturedAmount ?? 0,
  authorizedUntil: instant(payment?.authorizedUntil),
});

const giftMessages = (lines: PlaceOrderRequest['lines']): Readonly<Record<string, string>> => {
  const messages: Record<string, string> = {};
  for (const [n, { giftMessage }] of lines.entries()) if (giftMessage !== undefined) messages[`${n + 1}`] = giftMessage;
  return messages;
};

const personalOf = (body: PlaceOrderRequest): PersonalData => ({
  customer: { name: body.customer.name ?? '', email: body.customer.email ?? '', phone: body.customer.phone ?? '' },
  shippingAddress: postalAddress(body.shippingAddress),
  ...(body.billingAddress === undefined ? {} : { billingAddress: postalAddress(body.billingAddress) }),
  instructions: body.delivery.instructions ?? '',
  giftMessage: body.gift?.message ?? '',
  taxId: body.business?.taxId ?? '',
  giftMessages: giftMessages(body.lines),
});

/** Parts a document into what the log may hold and what it may not. `releaseOn` is the channel's pay gate. */
export const submittedOrder = (body: PlaceOrderRequest, releaseOn: string): SubmittedOrder => {
  const { shippingAddress: to, delivery, totals } = body;
  return {
    order: {
      channel: body.channel,
      externalReference: body.externalReference,
      number: body.number ?? '',
      placedAt: instant(body.placedAt),
      currency: body.currency,
      taxIncluded: body.taxIncluded,
      customerExternalId: body.customer.externalId ?? '',
      customerType: body.customer.type ?? '',
      customerLocale: body.customer.locale ?? '',
      destination: { countryCode: to.countryCode, region: to.region ?? '', postalCode: to.postalCode ?? '', city: to.city },
      delivery: {
        method: delivery.method,
        serviceLevel: delivery.serviceLevel,
        amount: delivery.amount,
        discount: delivery.discount ?? 0,
        tax: delivery.tax ?? 0,
        total: delivery.total,
        promisedBy: instant(delivery.promisedBy),
        notBefore: delivery.notBefore ?? '',
      },
      lines: body.lines.map((line, n) => ({
        lineId: `${n + 1}`,
        externalId: line.externalId,
        sku: line.sku,
        name: line.name ?? '',
        quantity: line.quantity,
        unitPrice: line.unitPrice,
        discount: line.discount ?? 0,
        tax: line.tax ?? 0,
        total: line.total,
        taxLines: (line.taxLines ?? []).map(({ name, rate, amount }) => ({ name, rate, amount })),
        metadata: sorted(line.metadata),
      })),
      discounts: (body.discounts ?? []).map(({ code, amount }) => ({ code, amount })),
      totals: { lines: totals.lines, delivery: totals.delivery, tax: totals.tax, grandTotal: totals.grandTotal },
      payment: paymentOf(body.payment),
      policy: {
        split: body.policy?.split ?? 'allow',
        backorder: body.policy?.backorder ?? 'wait',
        substitution: body.policy?.substitution ?? 'never',
        releaseOn,
      },
      giftWrap: body.gift?.wrap ?? false,
      giftHidePrices: body.gift?.hidePrices ?? false,
      business: { purchaseOrderNumber: body.business?.purchaseOrderNumber ?? '', terms: body.business?.terms ?? '' },
      tags: body.tags ?? [],
      metadata: sorted(body.metadata),
    },
    personal: personalOf(body),
  };
};
