import { describe, expect, it } from '@jest/globals';
import { assumedItem, cartonOf, packageWeight, suggestCarton } from './carton.js';

const item = (lengthMm: number, widthMm: number, heightMm: number, weightGrams = 100) => ({ lengthMm, widthMm, heightMm, weightGrams });

describe('the suggested carton', () => {
  it('is the smallest that holds a fifth more than the volume', () => {
    expect(suggestCarton([{ item: item(150, 100, 80), quantity: 1 }]).code).toBe('XS');
    expect(suggestCarton([{ item: item(150, 100, 80), quantity: 2 }]).code).toBe('S');
  });
  it('is long enough for the longest item, however thin', () => expect(suggestCarton([{ item: item(590, 20, 20), quantity: 1 }]).code).toBe('XL'));
  it('turns an item on its side', () => expect(suggestCarton([{ item: item(80, 190, 140), quantity: 1 }]).code).toBe('XS'));
  it('is a pallet for what fits nowhere', () => expect(suggestCarton([{ item: item(2_500, 100, 100), quantity: 1 }]).code).toBe('PALLET'));
  it('assumes a shoe box for an unknown item', () => expect(suggestCarton([{ item: assumedItem, quantity: 1 }]).code).toBe('S'));
  it('weighs its contents and itself', () => {
    const carton = suggestCarton([{ item: item(150, 100, 80, 250), quantity: 2 }]);
    expect(packageWeight(carton, [{ item: item(150, 100, 80, 250), quantity: 2 }])).toBe(680);
    expect(cartonOf('S')).toBe(carton);
    expect(cartonOf('?')).toBeUndefined();
  });
  it('weighs no more than its event can say', () => {
    const anvil = item(100, 100, 100, 10_000_000);
    expect(packageWeight(suggestCarton([{ item: anvil, quantity: 100_000 }]), [{ item: anvil, quantity: 100_000 }])).toBe(2_000_000_000);
  });
});
