/** One line of a scenario's order. */
export type LineRequest = { readonly sku: string; readonly quantity: number; readonly unitPrice?: number };

/** Where a scenario's order goes. */
export type Place = { readonly countryCode: string; readonly postalCode: string; readonly city: string; readonly region: string };

const firstNames = ['Alma', 'Boris', 'Clara', 'Dario', 'Edith', 'Felix', 'Greta', 'Hannes', 'Ida', 'Jonas'] as const;
const lastNames = ['Ackermann', 'Brandt', 'Corvin', 'Dorn', 'Ebner', 'Falk', 'Gruber', 'Holm'] as const;

/** An order document whose totals are right. `number` makes the invented customer. */
export const orderDocument = (options: {
  readonly reference: string;
  readonly number: number;
  readonly place: Place;
  readonly lines: readonly LineRequest[];
  readonly payment?: 'paid' | 'pending' | 'authorized';
}) => {
  const name = `${firstNames[options.number % firstNames.length]} ${lastNames[options.number % lastNames.length]}`;
  const lines = options.lines.map(({ sku, quantity, unitPrice = 1_290 }, index) => ({ externalId: String(index + 1), sku, quantity, unitPrice, total: unitPrice * quantity }));
  const sum = lines.reduce((total, line) => total + line.total, 0);
  const delivery = 490;
  const status = options.payment ?? 'paid';
  return {
    channel: 'demo',
    externalReference: options.reference,
    currency: 'EUR',
    taxIncluded: true,
    customer: { externalId: `customer-${options.number}`, type: 'person', name, email: `customer-${options.number}@customers.example`, locale: 'de-DE' },
    shippingAddress: {
      name,
      line1: `Lindenweg ${1 + (options.number % 90)}`,
      city: options.place.city,
      region: options.place.region,
      postalCode: options.place.postalCode,
      countryCode: options.place.countryCode,
    },
    delivery: { method: 'ship', serviceLevel: 'standard', amount: delivery, total: delivery },
    lines,
    totals: { lines: sum, delivery, tax: 0, grandTotal: sum + delivery },
    payment: { status, ...(status === 'paid' ? { capturedAmount: sum + delivery } : {}), ...(status === 'authorized' ? { authorizedAmount: sum + delivery } : {}) },
  };
};
