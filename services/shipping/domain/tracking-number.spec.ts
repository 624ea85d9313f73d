import { describe, expect, it } from '@jest/globals';
import { checkDigit, isTrackingNumber, trackingNumber } from './tracking-number.js';

describe('tracking number', () => {
  it('has the check digit of the published example', () => {
    expect(checkDigit('47312482')).toBe(9);
    expect(trackingNumber('HA', 47312482, 'BR')).toBe('HA473124829BR');
  });

  it('writes the remainders 1 and 0 as the digits 0 and 5', () => {
    // 3 x 4 = 12, remainder 1; 1 x 2 + 3 x 3 = 11, remainder 0
    expect(checkDigit('00300000')).toBe(0);
    expect(checkDigit('00013000')).toBe(5);
  });

  it('pads a short serial number', () => {
    expect(isTrackingNumber(trackingNumber('HW', 7, 'DE'))).toBe(true);
    expect(trackingNumber('HW', 7, 'DE')).toHaveLength(13);
  });

  it('finds at least 97 of 100 wrong digits and swapped neighbors', () => {
    let tried = 0;
    let found = 0;
    for (let serial = 0; serial < 20_000_000; serial += 99_991) {
      const right = trackingNumber('HA', serial, 'BR');
      for (let place = 2; place < 10; place += 1) {
        const digit = Number(right[place]);
        const wrong = `${right.slice(0, place)}${(digit + 1) % 10}${right.slice(place + 1)}`;
        const swapped = `${right.slice(0, place)}${right[place + 1]}${right[place]}${right.slice(place + 2)}`;
        for (const text of [wrong, swapped]) {
          if (text === right) continue;
          tried += 1;
          if (!isTrackingNumber(text)) found += 1;
        }
      }
    }
    expect(tried).toBeGreaterThan(2_000);
    expect(found / tried).toBeGreaterThan(0.97);
  });

  it.each(['', 'HA473124829', 'ha473124829BR', 'HA473124829BRX', 'HA47312482XBR', 'HA473124828BR'])('refuses %j', (text) => {
    expect(isTrackingNumber(text)).toBe(false);
  });
});
