import type { StockRecord } from '../dump-format.js';
import type { Findings, Place } from './findings.js';
import type { Line } from './ndjson.js';
import { count, list, placeOf, text, type Row } from './row.js';

const buckets = ['available', 'reserved', 'committed', 'quarantine', 'damaged', 'safety'] as const;
type Bucket = (typeof buckets)[number];
type Entry = Readonly<Record<Bucket, number>> & { readonly quantity: number };

/** Of each entry: its version, its buckets, the line of its event. Numbers only: a ledger of millions of entries stays small. */
const width = 2 + buckets.length;

type Account = { entries: Int32Array; used: number };

const onHand = (entry: Entry): number => buckets.reduce((sum, bucket) => sum + entry[bucket], 0);
const others = (entry: Entry, ...named: readonly Bucket[]): boolean => buckets.some((bucket) => !named.includes(bucket) && entry[bucket] !== 0);

/** Why an entry does not say what its event means; both sides of every movement stand in it. */
const misshapen = (type: string, isOfReservation: boolean, entry: Entry): string | undefined => {
  const { quantity, available, reserved, committed, quarantine } = entry;
  if (quantity <= 0) return `it moves ${quantity} units`;
  switch (type) {
    case 'StockReserved':
      return available === -quantity && reserved === quantity && !others(entry, 'available', 'reserved') ? undefined : 'a lease takes from available and gives to reserved';
    case 'ReservationCommitted':
      return reserved === -quantity && committed === quantity && !others(entry, 'reserved', 'committed') ? undefined : 'a commit takes from reserved and gives to committed';
    case 'ReservationReleased':
    case 'ReservationExpired':
      return reserved + committed === -quantity && available + quarantine === quantity && !others(entry, 'available', 'reserved', 'committed', 'quarantine')
        ? undefined
        : 'what is given back is available or in quarantine again, unit for unit';
    case 'StockShipped':
      return reserved + committed === -quantity && !others(entry, 'reserved', 'committed') ? undefined : 'what leaves was leased, unit for unit';
    case 'StockReceived':
      return onHand(entry) === quantity ? undefined : 'a receipt adds what it counts';
    case 'StockAdjusted':
      if (isOfReservation) return reserved + committed === -quantity && !others(entry, 'reserved', 'committed') ? undefined : 'what is written off was leased, unit for unit';
      return Math.abs(onHand(entry)) === quantity ? undefined : 'an adjustment changes what it counts';
    case 'StockCounted':
      return Math.abs(available) === quantity && !others(entry, 'available') ? undefined : 'a count changes what is available';
    default:
      return `${type} moves no stock`;
  }
};

/** The ledger of every SKU and center, over all shards (I6, I7). */
export const stockLedger = (findings: Findings) => {
  const accounts = new Map<string, Account>();

  const enter = (key: string, values: readonly number[]): void => {
    const account = accounts.get(key) ?? { entries: new Int32Array(16 * width), used: 0 };
    accounts.set(key, account);
    if (account.used === account.entries.length) {
      const larger = new Int32Array(account.entries.length * 2);
      larger.set(account.entries);
      account.entries = larger;
    }
    account.entries.set(values, account.used);
    account.used += width;
  };

  const placeAt = (line: number | undefined): Place | undefined => (line === undefined ? undefined : { file: 'log-inventory.ndjson', line });

  const judge = (key: string, { entries, used }: Account, row: Line<StockRecord> | undefined): void => {
    const order = Array.from({ length: used / width }, (_, n) => n * width).sort((a, b) => (entries[a] ?? 0) - (entries[b] ?? 0));
    const sums = buckets.map(() => 0);
    let version = 0;
    let before: number | undefined;
    for (const at of order) {
      const line = entries[at + 1 + buckets.length];
      const next = entries[at] ?? 0;
      if (next !== version + 1) {
        findings.violated('I7', `${key}: the ledger has version ${next} after ${version}`, [placeAt(before), placeAt(line)]);
      }
      version = next;
      for (const [n, bucket] of buckets.entries()) {
        const sum = (sums[n] ?? 0) + (entries[at + 1 + n] ?? 0);
        sums[n] = sum;
        if (sum >= 0 || (entries[at + 1 + n] ?? 0) >= 0) continue;
        // Below zero in `available` is a unit promised twice.
        findings.violated(bucket === 'available' ? 'I6' : 'I7', `${key}: ${sum} units ${bucket} at version ${version}`, [placeAt(before), placeAt(line)]);
      }
      before = line;
    }
    findings.look('I6', order.length);
    findings.look('I7', order.length);
    const rowPlace: Place | undefined = row && { file: 'stock.ndjson', line: row.line };
    if (row === undefined) {
      findings.violated('I7', `${key}: ${order.length} entries and no stock row`, [placeAt(before)]);
      return;
    }
    const wrong = buckets.filter((bucket, n) => row.record[bucket] !== sums[n]);
    if (wrong.length > 0) {
      const said = wrong.map((bucket) => `${bucket} ${row.record[bucket]} instead of ${sums[buckets.indexOf(bucket)]}`).join(', ');
      findings.violated('I7', `${key}: the stock row is not the sum of its ledger: ${said}`, [rowPlace, placeAt(before)]);
    }
    if (row.record.version !== version) {
      findings.violated('I7', `${key}: the stock row says version ${row.record.version}, its ledger ${version}`, [rowPlace, placeAt(before)]);
    }
    for (const bucket of buckets) {
      if (row.record[bucket] < 0) findings.violated(bucket === 'available' ? 'I6' : 'I7', `${key}: the stock row has ${row.record[bucket]} units ${bucket}`, [rowPlace]);
    }
  };

  return {
    row: (row: Row): void => {
      for (const moved of list(row.data['entries'])) {
        const entry = { quantity: count(moved['quantity']) } as Record<Bucket | 'quantity', number>;
        for (const bucket of buckets) entry[bucket] = count(moved[bucket]);
        const wrong = misshapen(row.type, row.streamId.startsWith('reservation-'), entry);
        const key = `${text(moved['sku'])}@${text(moved['centerId'])}`;
        if (wrong !== undefined) findings.violated('I7', `${key} version ${count(moved['stockVersion'])}: ${wrong}`, [placeOf(row)]);
        enter(key, [count(moved['stockVersion']), ...buckets.map((bucket) => entry[bucket]), row.line]);
      }
    },
    finish: (rows: readonly Line<StockRecord>[]): void => {
      const byKey = new Map(rows.map((row) => [`${row.record.sku}@${row.record.centerId}`, row]));
      for (const [key, account] of accounts) judge(key, account, byKey.get(key));
      for (const [key, row] of byKey) {
        if (accounts.has(key) || (row.record.version === 0 && buckets.every((bucket) => row.record[bucket] === 0))) continue;
        findings.violated('I7', `${key}: a stock row without any entry in the ledger`, [{ file: 'stock.ndjson', line: row.line }]);
      }
    },
  };
};
