import { at, contested, killsAt } from './attacks.js';
import type { PlantedBug } from './bug.js';

const reservation = 'services/inventory/domain/reservation.js';
const following = 'services/inventory/application/follow-order.js';
const labels = 'services/shipping/application/buy-labels.js';

/** Bugs of what the services do. */
export const serviceBugs: readonly PlantedBug[] = [
  {
    id: 'expiry-race',
    what: 'a commit that comes after the lease’s end is passed over in silence',
    edits: [{ file: reservation, find: "if (state.status === 'committed' || state.status === 'lost') return [];", replace: "if (state.status === 'committed' || state.status === 'lost' || state.status === 'expired') return [];" }],
    expected: ['I5', 'I9', 'I14'],
    env: { RESERVATION_LEASE_MS: '1500' },
    attack: at(...[2_000, 6_000, 10_000].map((ms) => [ms, { kind: 'pause', part: 'inventory', ms: 2_500 }] as const)),
  },
  {
    id: 'oversell',
    what: 'a lease is given whether the units are there or not',
    edits: [
      { file: reservation, find: 'if (shortages.length > 0) return [', replace: 'if (shortages.length > 1_000) return [' },
      { file: 'services/inventory/infrastructure/migrations/0001-stock.sql', find: 'available integer not null default 0 check (available >= 0)', replace: 'available integer not null default 0' },
    ],
    expected: ['I6'],
    attack: contested,
    mix: { shares: [['held', 0], ['missing', 0], ['hot', 0.8]], missingWait: true },
  },
  {
    id: 'net-update-drops',
    what: 'of several movements of one stock row in one batch only the first is written',
    edits: [{ file: 'services/inventory/application/stock-desk.js', find: 'rows.set(key, row);', replace: 'if (!touched.has(key)) rows.set(key, row);' }],
    expected: ['I7'],
    attack: at(...[2_000, 6_000, 10_000].map((ms) => [ms, { kind: 'pause', part: 'inventory', ms: 2_500 }] as const)),
  },
  {
    id: 'cancel-keeps-stock',
    what: 'a cancelled order does not give its leased units back',
    edits: [{ file: following, find: "if (reservationId === '' || stockEffect === 'none') continue;", replace: "if (reservationId === '' || stockEffect === 'none' || stockEffect === 'release') continue;" }],
    expected: ['I14'],
  },
  {
    id: 'pay-gate-open',
    what: 'the centers work before the payment is there',
    edits: [{ file: 'services/order/domain/draft.js', find: 'if (!passesPayGate(payment, placed.policy.releaseOn)) return;', replace: '' }],
    expected: ['I9'],
  },
  {
    id: 'label-bought-twice',
    what: 'a label is bought without a key, and without looking whether it was bought before',
    edits: [
      { file: labels, find: 'key: data.labelKey,', replace: "key: `${data.labelKey}#${Math.random()}`," },
      { file: labels, find: 'attempt > 1 || effectKey !== data.labelKey', replace: 'false' },
      { file: labels, find: 'answers.set(answer.key, answer)', replace: "answers.set(answer.key.split('#')[0], answer)" },
    ],
    expected: ['I8'],
    attack: killsAt('shipping', 'after-carrier', 'after-carrier', 'after-carrier', 'after-carrier'),
  },
  {
    id: 'projection-twice',
    what: 'a read model is given a page twice',
    edits: [{ file: 'libs/projections/src/runner.js', find: 'await projection.apply(events, versioned(sql));', replace: "{ await projection.apply(events, versioned(sql)); if (projection.name === 'center-load') await projection.apply(events, versioned(sql)); }" }],
    expected: ['I10', 'I11'],
  },
];
