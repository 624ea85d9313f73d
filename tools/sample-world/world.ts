import { seededRandom } from '../olist/random.js';
import { loadWorld } from './load-world.js';
import type { World } from './world-file.js';

/** Centers where simulated staff work. The quiet one is a store that nobody works in: what is sent there waits, so that it can be cancelled in time. */
export const quietCenter = 'STORE-QUIET';
/** Own centers whose stock scenarios use by name. */
export const [northCenter, southCenter] = ['FC-NORTH', 'FC-SOUTH'] as const;
/** A third-party center that scenarios use by name. */
export const thirdPartyCenter = '3PL-EAST';

type Town = { readonly countryCode: string; readonly region: string; readonly city: string; readonly code: string; readonly latitude: number; readonly longitude: number };

// Invented towns at plausible places: an address that exists belongs to somebody.
const towns: readonly Town[] = [
  { countryCode: 'DE', region: 'Nordmark', city: 'Falkenhafen', code: '20', latitude: 53.5, longitude: 10.0 },
  { countryCode: 'DE', region: 'Nordmark', city: 'Möwenbruch', code: '23', latitude: 53.9, longitude: 10.7 },
  { countryCode: 'DE', region: 'Ostheide', city: 'Birkenfelde', code: '10', latitude: 52.5, longitude: 13.4 },
  { countryCode: 'DE', region: 'Ostheide', city: 'Spreetal', code: '15', latitude: 52.3, longitude: 14.3 },
  { countryCode: 'DE', region: 'Rheinland', city: 'Kupferbach', code: '50', latitude: 50.9, longitude: 6.9 },
  { countryCode: 'DE', region: 'Südtal', city: 'Ahornburg', code: '80', latitude: 48.1, longitude: 11.6 },
  { countryCode: 'DE', region: 'Südtal', city: 'Silbersee', code: '87', latitude: 47.7, longitude: 10.3 },
  { countryCode: 'AT', region: 'Donautal', city: 'Weinried', code: '10', latitude: 48.2, longitude: 16.4 },
  { countryCode: 'AT', region: 'Bergland', city: 'Hochalm', code: '60', latitude: 47.3, longitude: 11.4 },
  { countryCode: 'FR', region: 'Valmont', city: 'Pontclair', code: '69', latitude: 45.8, longitude: 4.8 },
  { countryCode: 'FR', region: 'Grandbois', city: 'Saint-Aubier', code: '75', latitude: 48.9, longitude: 2.4 },
];

const center = (
  centerId: string,
  name: string,
  kind: World['centers'][number]['kind'],
  town: Town | undefined,
  handlingCost: number,
  cutOff: string,
): World['centers'][number] => {
  if (town === undefined) throw new Error(`${centerId} lies nowhere`);
  const { countryCode, region, city, latitude, longitude } = town;
  return {
    centerId,
    name,
    kind,
    countryCode,
    region,
    postalCode: postcodeOf(town, 1),
    city,
    latitude,
    longitude,
    timeZone: { DE: 'Europe/Berlin', AT: 'Europe/Vienna', FR: 'Europe/Paris' }[countryCode] ?? 'UTC',
    cutOff,
    capacityUnitsPerDay: 1_000_000,
    shipsTo: [],
    handlingCost,
    stopped: false,
  };
};

/** Austria has four digits, the others five. */
const postcodeOf = ({ countryCode, code }: Town, number: number): string => `${code}${String(number * 7 + 1).padStart(countryCode === 'AT' ? 2 : 3, '0')}`;

const products = [
  ['Enamel mug', 320], ['Linen towel', 240], ['Oak board', 1_450], ['Steel flask', 410], ['Wool blanket', 1_900], ['Desk lamp', 2_200], ['Notebook', 180], ['Pencil set', 150],
  ['Garden shears', 520], ['Rain jacket', 680], ['Trail shoes', 980], ['Cast iron pan', 3_100], ['Tea tin', 140], ['Candle', 260], ['Board game', 1_250], ['Toy train', 640],
  ['Backpack', 890], ['Bicycle bell', 120], ['Kettle', 1_300], ['Chess set', 1_100],
] as const;
const colors = ['blue', 'green', 'red'] as const;
const unitsEach = 200_000;

/** The sample world: five centers of our own, two third parties, a store, sixty items with plenty of stock, postcodes of three countries. The same every time. */
export const sampleWorld = (): World => {
  const random = seededRandom(2026);
  const items = products.flatMap(([name, weightGrams], product) =>
    colors.map((color, variant) => {
      const number = product * colors.length + variant + 1;
      const side = Math.round(60 + Math.cbrt(weightGrams) * 14);
      return {
        sku: `SKU-${String(number).padStart(3, '0')}`,
        name: `${name}, ${color}`,
        weightGrams,
        lengthMm: side + Math.floor(random() * 40),
        widthMm: Math.round(side * 0.8),
        heightMm: Math.round(side * 0.5),
        hazmat: false,
        barcodes: [{ symbology: 'ean13', value: ean13(`29${String(1_000 + number).padStart(10, '0')}`) }],
        active: true,
      };
    }),
  );
  const centers = [
    center(northCenter, 'Falkenhafen', 'own', towns[0], 180, '17:00'),
    center('FC-EAST', 'Birkenfelde', 'own', towns[2], 160, '16:00'),
    center('FC-WEST', 'Kupferbach', 'own', towns[4], 170, '16:30'),
    center(southCenter, 'Ahornburg', 'own', towns[5], 190, '15:00'),
    center('FC-RHONE', 'Pontclair', 'own', towns[9], 200, '16:00'),
    center(thirdPartyCenter, 'Weinried Logistik', 'third_party', towns[7], 260, '14:00'),
    center('3PL-PARIS', 'Saint-Aubier Services', 'third_party', towns[10], 280, '14:00'),
    center(quietCenter, 'Silbersee, the store nobody works in', 'store', towns[6], 150, '18:00'),
  ];
  return {
    centers,
    items,
    coordinates: towns.flatMap((town) =>
      Array.from({ length: 12 }, (_, number) => ({
        countryCode: town.countryCode,
        postalCode: postcodeOf(town, number),
        city: town.city,
        region: town.region,
        latitude: Number((town.latitude + (random() - 0.5) * 0.2).toFixed(4)),
        longitude: Number((town.longitude + (random() - 0.5) * 0.2).toFixed(4)),
      })),
    ),
    // Not every center has every item: an order of several lines may have to be split.
    receipts: centers
      .filter(({ kind }) => kind === 'own')
      .map(({ centerId }, index) => ({ centerId, lines: items.filter((_, item) => (item + index) % 5 !== 0).map(({ sku }) => ({ sku, quantity: unitsEach })) })),
  };
};

/** GS1 check digit: weights 1 and 3 from the left over twelve digits (GS1 General Specifications, 7.9). */
const ean13 = (twelve: string): string => {
  const sum = [...twelve].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0);
  return `${twelve}${(10 - (sum % 10)) % 10}`;
};

/** Loads the sample world through the public API; a repeat changes nothing. */
export const loadSampleWorld = (connection: { readonly baseUrl: string; readonly apiKey: string; readonly onProgress?: (share: number) => void }): Promise<void> =>
  loadWorld(sampleWorld(), connection);
