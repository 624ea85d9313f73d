import { describe, expect, it } from '@jest/globals';
import { schemaVersionOf, upcast, type Upcasters } from './index.js';

const upcasters: Upcasters = { Priced: [(data) => ({ ...data, currency: 'EUR' }), (data) => ({ ...data, isTaxed: false })] };

describe('upcasting', () => {
  it('lifts a payload step by step from the version it was written with', () => {
    expect(upcast(upcasters, 'Priced', 1, { amount: 1 })).toStrictEqual({ amount: 1, currency: 'EUR', isTaxed: false });
    expect(upcast(upcasters, 'Priced', 2, { amount: 1, currency: 'USD' })).toStrictEqual({ amount: 1, currency: 'USD', isTaxed: false });
  });

  it('passes on what is of today, newer, or never changed', () => {
    for (const version of [3, 4]) expect(upcast(upcasters, 'Priced', version, { amount: 1 })).toStrictEqual({ amount: 1 });
    expect(upcast(upcasters, 'Other', 1, { a: 1 })).toStrictEqual({ a: 1 });
  });

  it('knows the version that is written', () => {
    expect([schemaVersionOf(upcasters, 'Priced'), schemaVersionOf(upcasters, 'Other')]).toStrictEqual([3, 1]);
  });
});
