import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { join } from 'node:path';
import { parse } from 'csv-parse';
import type { World } from '../sample-world/world-file.js';
import { groupByPlace } from './centers.js';
import { seededRandom } from './random.js';

type Row = Readonly<Record<string, string>>;

/** What the converter found and made; every figure is counted, none assumed. */
export type ConversionReport = {
  readonly orders: number;
  readonly ordersWithItems: number;
  readonly ordersRepeatingAProduct: number;
  readonly ordersWithOtherPayments: number;
  readonly ordersWithoutCoordinates: number;
  readonly lines: number;
  readonly units: number;
  readonly items: number;
  readonly centers: number;
  readonly unitsStocked: number;
  readonly unitsMissing: number;
};

/** The share of the demand that no center has: these units must end backordered or cancelled with a reason. */
const shareMissing = 0.03;
const firstNames = ['Ana', 'Bruno', 'Carla', 'Diego', 'Elisa', 'Fábio', 'Gabriela', 'Hugo', 'Isabel', 'João', 'Lara', 'Marcos', 'Nina', 'Otávio', 'Paula', 'Rafael'];
const lastNames = ['Almeida', 'Barbosa', 'Cardoso', 'Dias', 'Esteves', 'Ferreira', 'Gomes', 'Lima', 'Martins', 'Nunes', 'Oliveira', 'Pereira', 'Ramos', 'Souza'];
const streets = ['Rua das Flores', 'Avenida Brasil', 'Rua do Comércio', 'Rua São José', 'Avenida Central', 'Rua da Praia', 'Travessa do Sol'];

const cents = (decimal: string): number => Math.round(Number(decimal) * 100);
const postcode = (prefix: string): string => `${prefix.padStart(5, '0')}-000`;

const rows = async (folder: string, file: string): Promise<Row[]> => {
  const found: Row[] = [];
  const parser = parse({ columns: true, bom: true, relax_quotes: true, skip_empty_lines: true });
  // Not `pipe`, which would wait for ever for a file that does not exist; the error is thrown by the loop below.
  pipeline(createReadStream(join(folder, file)), parser, () => undefined);
  for await (const row of parser) found.push(row as Row);
  return found;
};

const groupBy = <T>(list: readonly T[], key: (entry: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const entry of list) {
    const group = groups.get(key(entry));
    if (group === undefined) groups.set(key(entry), [entry]);
    else group.push(entry);
  }
  return groups;
};

const required = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new Error(`the data set lacks ${what}`);
  return value;
};

type Place = { latitude: number; longitude: number; city: string; region: string; points: number };

const placesOf = (geolocation: readonly Row[]): Map<string, Place> => {
  const places = new Map<string, Place>();
  for (const row of geolocation) {
    const prefix = required(row['geolocation_zip_code_prefix'], 'a postcode').padStart(5, '0');
    const [latitude, longitude] = [Number(row['geolocation_lat']), Number(row['geolocation_lng'])];
    const place = places.get(prefix);
    if (place === undefined) {
      places.set(prefix, { latitude, longitude, city: row['geolocation_city'] ?? '', region: row['geolocation_state'] ?? '', points: 1 });
    } else {
      place.points += 1;
      place.latitude += (latitude - place.latitude) / place.points;
      place.longitude += (longitude - place.longitude) / place.points;
    }
  }
  return places;
};

type MergedLine = { sku: string; sellerId: string; unitPrice: number; quantity: number };

/** Equal product, seller and price become one line; the order of first appearance is kept. */
const mergeLines = (items: readonly Row[]): MergedLine[] => {
  const merged = new Map<string, MergedLine>();
  for (const item of items) {
    const sku = required(item['product_id'], 'a product id');
    const sellerId = required(item['seller_id'], 'a seller id');
    const unitPrice = cents(item['price'] ?? '0');
    const key = `${sku}/${sellerId}/${unitPrice}`;
    const line = merged.get(key);
    if (line === undefined) merged.set(key, { sku, sellerId, unitPrice, quantity: 1 });
    else line.quantity += 1;
  }
  return [...merged.values()];
};

/** Reads the eight CSV files of `from`, writes `world.json` and `orders.ndjson` to `to`. Throws when a file or a reference is missing. */
export const convertOlist = async (options: {
  readonly from: string;
  readonly to: string;
  readonly seed: number;
  readonly centers: number;
}): Promise<ConversionReport> => {
  const [customers, geolocation, orderItems, payments, orders, products, sellers] = await Promise.all(
    ['customers', 'geolocation', 'order_items', 'order_payments', 'orders', 'products', 'sellers'].map((name) =>
      rows(options.from, `olist_${name}_dataset.csv`),
    ),
  );
  const random = seededRandom(options.seed);
  const places = placesOf(geolocation ?? []);
  const customerById = new Map((customers ?? []).map((row) => [row['customer_id'], row]));
  const itemsByOrder = groupBy(orderItems ?? [], (row) => row['order_id'] ?? '');
  const paymentsByOrder = groupBy(payments ?? [], (row) => row['order_id'] ?? '');

  const sellerPoints = (sellers ?? []).flatMap((row) => {
    const place = places.get((row['seller_zip_code_prefix'] ?? '').padStart(5, '0'));
    return place === undefined ? [] : [{ latitude: place.latitude, longitude: place.longitude, of: row }];
  });
  const groups = groupByPlace(sellerPoints, options.centers, options.seed);
  const centerOfSeller = new Map<string, string>();
  const centers: World['centers'][number][] = [];
  for (let group = 0; group < options.centers; group += 1) {
    const members = sellerPoints.filter((_, index) => groups[index] === group);
    if (members.length === 0) continue;
    const latitude = members.reduce((sum, point) => sum + point.latitude, 0) / members.length;
    const longitude = members.reduce((sum, point) => sum + point.longitude, 0) / members.length;
    const home = members.reduce((best, point) =>
      (point.latitude - latitude) ** 2 + (point.longitude - longitude) ** 2 < (best.latitude - latitude) ** 2 + (best.longitude - longitude) ** 2 ? point : best,
    );
    const centerId = `FC-${(home.of['seller_state'] ?? 'XX').toUpperCase()}-${String(group + 1).padStart(2, '0')}`;
    for (const member of members) centerOfSeller.set(member.of['seller_id'] ?? '', centerId);
    centers.push({
      centerId,
      name: `${home.of['seller_city']} (${members.length} sellers)`,
      kind: 'own',
      countryCode: 'BR',
      region: home.of['seller_state'] ?? '',
      postalCode: postcode(home.of['seller_zip_code_prefix'] ?? ''),
      city: home.of['seller_city'] ?? '',
      latitude,
      longitude,
      timeZone: 'America/Sao_Paulo',
      cutOff: '16:00',
      capacityUnitsPerDay: 100_000,
      shipsTo: ['BR'],
      handlingCost: 250,
      stopped: false,
    });
  }
  const fallbackCenter = required(centers[0], 'sellers with coordinates').centerId;

  const demand = new Map<string, { sku: string; centerId: string; units: number }>();
  const documents: string[] = [];
  let [units, lineCount, repeating, otherPayments, withoutCoordinates] = [0, 0, 0, 0, 0];
  for (const order of orders ?? []) {
    const id = required(order['order_id'], 'an order id');
    const items = itemsByOrder.get(id);
    if (items === undefined) continue;
    const lines = mergeLines(items);
    const customer = required(customerById.get(order['customer_id'] ?? ''), `customer of order ${id}`);
    const prefix = (customer['customer_zip_code_prefix'] ?? '').padStart(5, '0');
    const freight = items.reduce((sum, item) => sum + cents(item['freight_value'] ?? '0'), 0);
    const lineTotal = lines.reduce((sum, line) => sum + line.unitPrice * line.quantity, 0);
    const paid = (paymentsByOrder.get(id) ?? []).reduce((sum, payment) => sum + cents(payment['payment_value'] ?? '0'), 0);
    if (items.length > new Set(items.map((item) => item['product_id'])).size) repeating += 1;
    if (paid !== lineTotal + freight) otherPayments += 1;
    if (!places.has(prefix)) withoutCoordinates += 1;
    for (const line of lines) {
      const centerId = centerOfSeller.get(line.sellerId) ?? fallbackCenter;
      const wanted = demand.get(`${line.sku}@${centerId}`) ?? { sku: line.sku, centerId, units: 0 };
      wanted.units += line.quantity;
      demand.set(`${line.sku}@${centerId}`, wanted);
      units += line.quantity;
    }
    lineCount += lines.length;
    const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
    const name = `${pick(firstNames)} ${pick(lastNames)}`;
    documents.push(
      JSON.stringify({
        channel: 'olist',
        externalReference: id,
        placedAt: `${(order['order_purchase_timestamp'] ?? '').replace(' ', 'T')}.000Z`,
        currency: 'BRL',
        taxIncluded: true,
        customer: { externalId: customer['customer_unique_id'], type: 'person', name, email: `${id.slice(0, 12)}@customers.example` },
        shippingAddress: {
          name,
          line1: `${pick(streets)} ${1 + Math.floor(random() * 1999)}`,
          city: customer['customer_city'],
          region: customer['customer_state'],
          postalCode: postcode(prefix),
          countryCode: 'BR',
        },
        delivery: { method: 'ship', serviceLevel: 'standard', amount: freight, total: freight },
        lines: lines.map((line, index) => ({
          externalId: String(index + 1),
          sku: line.sku,
          quantity: line.quantity,
          unitPrice: line.unitPrice,
          total: line.unitPrice * line.quantity,
        })),
        totals: { lines: lineTotal, delivery: freight, tax: 0, grandTotal: lineTotal + freight },
        payment: { status: 'paid', capturedAmount: lineTotal + freight },
      }),
    );
  }

  const missing = chooseMissing([...demand.values()], Math.round(units * shareMissing), random);
  const receipts = [...groupBy([...demand.values()], (entry) => entry.centerId)].map(([centerId, entries]) => ({
    centerId,
    lines: entries
      .map((entry) => ({ sku: entry.sku, quantity: entry.units - (missing.get(`${entry.sku}@${entry.centerId}`) ?? 0) }))
      .filter((line) => line.quantity > 0),
  }));
  const sold = new Set([...demand.values()].map((entry) => entry.sku));
  const world: World = {
    centers,
    coordinates: [...places].map(([prefix, place]) => ({
      countryCode: 'BR',
      postalCode: postcode(prefix),
      city: place.city,
      region: place.region,
      latitude: place.latitude,
      longitude: place.longitude,
    })),
    items: (products ?? []).filter((row) => sold.has(row['product_id'] ?? '')).map(itemOf),
    receipts,
  };
  await mkdir(options.to, { recursive: true });
  await writeFile(join(options.to, 'world.json'), JSON.stringify(world));
  await writeFile(join(options.to, 'orders.ndjson'), `${documents.join('\n')}\n`);
  const unitsMissing = [...missing.values()].reduce((sum, count) => sum + count, 0);
  return {
    orders: (orders ?? []).length,
    ordersWithItems: documents.length,
    ordersRepeatingAProduct: repeating,
    ordersWithOtherPayments: otherPayments,
    ordersWithoutCoordinates: withoutCoordinates,
    lines: lineCount,
    units,
    items: world.items.length,
    centers: centers.length,
    unitsStocked: units - unitsMissing,
    unitsMissing,
  };
};

const chooseMissing = (
  demand: readonly { sku: string; centerId: string; units: number }[],
  count: number,
  random: () => number,
): Map<string, number> => {
  const unitsOf = demand.flatMap((entry) => Array.from({ length: entry.units }, () => `${entry.sku}@${entry.centerId}`));
  const missing = new Map<string, number>();
  for (let left = count; left > 0 && unitsOf.length > 0; left -= 1) {
    const [chosen] = unitsOf.splice(Math.floor(random() * unitsOf.length), 1);
    if (chosen !== undefined) missing.set(chosen, (missing.get(chosen) ?? 0) + 1);
  }
  return missing;
};

const itemOf = (row: Row): World['items'][number] => ({
  sku: required(row['product_id'], 'a product id'),
  name: (row['product_category_name'] ?? '').replaceAll('_', ' ') || 'item',
  // A few products have no measures; a small box of 500 g stands in for them.
  weightGrams: Math.max(1, Math.round(Number(row['product_weight_g']) || 500)),
  lengthMm: Math.max(1, Math.round((Number(row['product_length_cm']) || 20) * 10)),
  widthMm: Math.max(1, Math.round((Number(row['product_width_cm']) || 15) * 10)),
  heightMm: Math.max(1, Math.round((Number(row['product_height_cm']) || 10) * 10)),
  hazmat: false,
  barcodes: [],
  active: true,
});
