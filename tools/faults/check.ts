import { checkDump } from './checker/check-dump.js';
import { invariants, type Verdict } from './checker/findings.js';

const historyRowMax = 400;

/** What the invariants say, for people. */
const says: Readonly<Record<(typeof invariants)[number], string>> = {
  I1: 'an accepted order exists exactly once, as accepted',
  I2: 'one key, one order, one answer',
  I3: 'streams have versions 1..n',
  I4: 'shards have sequences 1..n',
  I5: 'what a listener heard is the log: all, in order, once',
  I6: 'no unit promised twice',
  I7: 'stock is the sum of its ledger, at every prefix',
  I8: 'at most one effect per cause',
  I9: 'only legal transitions',
  I10: 'read models equal the fold of their events',
  I11: 'a rebuild equals the live read model',
  I12: 'no effect before its cause',
  I13: 'orders ended, wait with a date, or are on hold',
  I14: 'ended orders hold no stock',
  I15: 'parked streams stand still',
  I16: 'what was read is never unread',
  I17: 'nothing waits that is long due',
  I18: 'event bytes never change',
};

/** The verdict as lines of text: a table, then each contradiction with its few rows. */
export const verdictLines = ({ counts, looked, violations }: Verdict): readonly string[] => [
  ...invariants.map((invariant) => `${invariant.padEnd(4)} ${says[invariant].padEnd(58)} ${String(looked[invariant]).padStart(10)} looked at ${String(counts[invariant] ?? 0).padStart(7)} violations`),
  ...violations.flatMap(({ invariant, what, history }) => ['', `${invariant}: ${what}`, ...history.map((row) => `  ${JSON.stringify(row).slice(0, historyRowMax)}`)]),
];

const [, script, folder] = process.argv;
if (script !== undefined && /[\\/]check\.js$/.test(script)) {
  if (folder === undefined) {
    console.error('usage: check.js <folder of a dump>');
    process.exit(2);
  }
  const verdict = await checkDump(folder);
  for (const line of verdictLines(verdict)) console.log(line);
  process.exit(verdict.violations.length === 0 ? 0 : 1);
}
