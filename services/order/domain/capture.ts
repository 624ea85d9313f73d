import type { LineQuantity } from './events.js';
import type { Order } from './state.js';
import { quantityOf } from './units.js';

/** Shares a total by weights so that the shares are whole and sum to it: rounded down, then one more for the largest remainders. */
export const apportion = (total: number, weights: readonly number[]): number[] => {
  let sum = 0n;
  for (const weight of weights) sum += BigInt(weight);
  if (sum === 0n) return apportion(total, weights.map(() => 1));
  let left = total;
  const shares: number[] = [];
  const remainders: { readonly n: number; readonly remainder: bigint }[] = [];
  for (const [n, weight] of weights.entries()) {
    const product = BigInt(total) * BigInt(weight);
    const share = Number(product / sum);
    left -= share;
    shares.push(share);
    remainders.push({ n, remainder: product % sum });
  }
  remainders.sort((a, b) => (a.remainder === b.remainder ? a.n - b.n : a.remainder > b.remainder ? -1 : 1));
  for (const { n } of remainders.slice(0, left)) shares[n] = (shares[n] ?? 0) + 1;
  return shares;
};

/**
 * What to capture for a package: every unit is worth an equal part of its line, and every line carries its part of the delivery.
 * The first units of a line that ship take its remainder, so that the packages of an order sum to its grand total.
 * Units that are sent again were captured before.
 */
export const captureAmount = (order: Order, packageId: string, lines: readonly LineQuantity[]): number => {
  const { placed } = order;
  if (placed === undefined) return 0;
  const delivery = apportion(placed.totals.delivery, placed.lines.map((line) => line.total));
  let amount = 0;
  for (const [n, line] of placed.lines.entries()) {
    const quantity = quantityOf(lines, line.lineId);
    if (quantity === 0) continue;
    let before = 0;
    for (const { packages } of order.fulfillments) {
      for (const box of packages) if (box.shipped && box.id !== packageId) before += quantityOf(box.lines, line.lineId);
    }
    const worth = line.total + (delivery[n] ?? 0);
    const each = Math.floor(worth / line.quantity);
    const extra = worth - each * line.quantity;
    const from = Math.min(before, line.quantity);
    const to = Math.min(before + quantity, line.quantity);
    amount += each * (to - from) + Math.min(to, extra) - Math.min(from, extra);
  }
  return amount;
};
