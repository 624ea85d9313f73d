import { describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { Day, Email, Instant, Nested, NestedList, OneOf, Sku, Text, TextList, TextMap, Truth, WholeNumber } from './fields.js';
import { Problem } from './problem.js';
import { validate } from './validated.js';

class Part {
  @Sku() sku!: string;
  @WholeNumber({ min: 1, max: 9 }) quantity!: number;
  @Text({ max: 5, optional: true }) note?: string;
}
class Whole {
  @Text({ max: 8 }) name!: string;
  @Email({ optional: true }) email?: string;
  @OneOf(['a', 'b'], { optional: true }) kind?: string;
  @Truth({ optional: true }) isNew?: boolean;
  @Day({ optional: true }) day?: string;
  @Instant({ optional: true }) at?: string;
  @TextList({ max: 2, maxLength: 3, optional: true }) tags?: string[];
  @TextMap({ max: 2, optional: true }) remarks?: Record<string, string>;
  @Nested(() => Part, { optional: true }) gift?: Part;
  @NestedList(() => Part, { min: 1, max: 3, uniqueBy: 'note' }) parts!: Part[];
}

/** What class-validator alone says of instances made without any rule being asked. */
const isValid = (value: unknown): boolean => {
  const made = (shape: new () => object, plain: unknown): unknown => {
    if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return plain;
    const present = Object.entries(plain).filter(([, member]) => member !== null);
    const nested = (name: string, member: unknown): unknown => {
      if (shape !== Whole || (name !== 'gift' && name !== 'parts')) return member;
      return Array.isArray(member) ? member.map((entry) => made(Part, entry)) : made(Part, member);
    };
    return Object.assign(new shape(), Object.fromEntries(present.map(([name, member]) => [name, nested(name, member)])));
  };
  const instance = made(Whole, value);
  return instance instanceof Whole && validateSync(instance, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true }).length === 0;
};

const mostly = (right: fc.Arbitrary<unknown>, wrong: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 2 })): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 30, arbitrary: right }, { weight: 1, arbitrary: wrong });
const one = (right: string, wrong: string): fc.Arbitrary<unknown> => fc.option(mostly(mostly(fc.constant(right)), fc.constant(wrong)));
const part = fc.record(
  {
    sku: mostly(mostly(fc.constant('A-1')), fc.constant('B 2')),
    quantity: mostly(fc.integer({ min: 1, max: 9 })),
    note: fc.option(mostly(fc.string({ minLength: 1, maxLength: 5, unit: fc.constantFrom(...'abcde') }))),
  },
  { requiredKeys: ['sku', 'quantity'] },
);
const whole = fc.record(
  {
    name: mostly(fc.stringMatching(/^[a-z]{1,8}$/)),
    email: one('a@b', 'a b'),
    kind: one('a', 'c'),
    isNew: fc.option(mostly(fc.boolean())),
    day: one('2026-02-28', '2026-02-30'),
    at: one('2026-02-28T00:00:00Z', '2026-02-28'),
    tags: fc.option(mostly(fc.array(fc.stringMatching(/^[a-z]{1,3}$/), { maxLength: 2 }), fc.array(fc.string()))),
    remarks: fc.option(mostly(fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.string({ maxLength: 3, unit: fc.constantFrom('a', 'é') }), { maxKeys: 2 }))),
    gift: fc.option(mostly(part)),
    parts: mostly(fc.array(part, { minLength: 1, maxLength: 3 }), fc.array(mostly(part), { maxLength: 4 })),
    other: fc.constant(1),
  },
  { requiredKeys: ['name', 'parts'], noNullPrototype: true },
);

describe('validating', () => {
  it('accepts and refuses as class-validator does', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: whole.map(({ other, ...rest }) => rest) }, { weight: 1, arbitrary: whole }), (value) => {
        let answer: unknown;
        try {
          answer = validate(Whole, value);
          accepted += 1;
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
        }
        expect(answer !== undefined).toBe(isValid(value));
        expect(JSON.stringify(answer)?.includes('null') ?? false).toBe(false);
      }),
      { numRuns: 3_000 },
    );
    // Neither answer is rare: each side of the comparison is tried hundreds of times.
    expect(accepted).toBeGreaterThan(500);
    expect(accepted).toBeLessThan(2_500);
  });
  it('names the place and says what is wrong there', () => {
    const refused = (): unknown => validate(Whole, { name: 'n', parts: [{ sku: 'A', quantity: 0 }], extra: 1 });
    expect(refused).toThrow(Problem);
    try {
      refused();
    } catch (error) {
      expect((error as Problem).details.errors).toEqual([
        { pointer: '/extra', message: 'is not a known field' },
        { pointer: '/parts/0/quantity', message: 'has to be a whole number from 1 to 9' },
      ]);
    }
  });
});
