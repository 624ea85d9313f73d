import { seededRandom } from '../olist/random.js';
import type { World } from '../sample-world/world-file.js';

/** What the plain orders are made of: destinations that resolve and items with plenty of stock. */
export type OrderParts = { readonly skus: readonly string[]; readonly places: World['coordinates'] };

/** Bodies of plain orders (1 to 3 lines, paid): the same seed and run give the same orders. `run` keeps their references apart. */
export const plainOrders = (parts: OrderParts, count: number, run: string): string[] => {
  const random = seededRandom(7);
  return Array.from({ length: count }, (_, index) => {
    const place = parts.places[Math.floor(random() * parts.places.length)];
    if (place === undefined) throw new Error('no place to deliver to');
    const skus = new Set(Array.from({ length: 1 + Math.floor(random() * 3) }, () => parts.skus[Math.floor(random() * parts.skus.length)] ?? ''));
    const lines = [...skus].map((sku, line) => {
      const quantity = 1 + Math.floor(random() * 2);
      const unitPrice = 500 + Math.floor(random() * 5_000);
      return { externalId: String(line + 1), sku, quantity, unitPrice, total: unitPrice * quantity };
    });
    const sum = lines.reduce((total, line) => total + line.total, 0);
    return JSON.stringify({
      channel: 'bench',
      externalReference: `${run}-${index}`,
      currency: 'EUR',
      taxIncluded: true,
      customer: { type: 'person', name: 'Bench Buyer', email: `buyer-${index}@customers.example` },
      shippingAddress: { name: 'Bench Buyer', line1: 'Long Street 1', city: place.city, region: place.region, postalCode: place.postalCode, countryCode: place.countryCode },
      delivery: { method: 'ship', serviceLevel: 'standard', amount: 490, total: 490 },
      lines,
      totals: { lines: sum, delivery: 490, tax: 0, grandTotal: sum + 490 },
      payment: { status: 'paid', capturedAmount: sum + 490 },
    });
  });
};
