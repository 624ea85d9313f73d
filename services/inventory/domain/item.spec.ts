import { describe, it } from '@jest/globals';
import { specification } from '@orderlog/testing';
import { item, type ItemRecord } from './index.js';

const given = specification(item);
const cup: ItemRecord = {
  sku: 'cup',
  name: 'Cup',
  weightGrams: 300,
  lengthMm: 90,
  widthMm: 90,
  heightMm: 100,
  hazmat: false,
  barcodes: [{ symbology: 'ean13', value: '4006381333931' }],
  active: true,
};

describe('an item', () => {
  it('is defined', () => given().when({ type: 'DefineItem', data: cup }).thenEvents({ type: 'ItemDefined', data: cup }));
  it('does nothing when it is defined alike again', () =>
    given({ type: 'ItemDefined', data: cup }).when({ type: 'DefineItem', data: { ...cup } }).thenNothing());
  it('is defined anew when anything differs', () => {
    const other = { ...cup, barcodes: [] };
    given({ type: 'ItemDefined', data: cup }).when({ type: 'DefineItem', data: other }).thenEvents({ type: 'ItemDefined', data: other });
  });
});
