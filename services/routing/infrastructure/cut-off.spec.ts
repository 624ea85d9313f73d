import { describe, expect, it } from '@jest/globals';
import { isTimeZone } from '../application/time-zones.js';
import { nextCutOff } from './cut-off.js';

const at = (text: string): number => Date.parse(text);

describe('the cut-off of a center', () => {
  it('is today while there is time', () =>
    expect(nextCutOff(at('2026-03-02T12:59:59Z'), 'Europe/Berlin', '14:00')).toMatchObject({
      shipBy: '2026-03-02T13:00:00.000Z',
      isMissedToday: false,
      day: '2026-03-02',
    }));
  it('is tomorrow from then on', () =>
    expect(nextCutOff(at('2026-03-02T13:00:00Z'), 'Europe/Berlin', '14:00')).toMatchObject({ shipBy: '2026-03-03T13:00:00.000Z', isMissedToday: true }));
  it('counts days by the clock of the center', () =>
    expect(nextCutOff(at('2026-03-02T02:00:00Z'), 'America/Sao_Paulo', '23:30')).toMatchObject({ shipBy: '2026-03-02T02:30:00.000Z' }));
  it('keeps the time on the wall when the clocks change', () =>
    expect(nextCutOff(at('2026-03-28T14:00:00Z'), 'Europe/Berlin', '14:00').shipBy).toBe('2026-03-29T12:00:00.000Z'));
  it('lets parcels arrive in the evening, day by day', () =>
    expect(nextCutOff(at('2026-03-02T08:00:00Z'), 'Europe/Berlin', '14:00').arrivals.slice(0, 3)).toStrictEqual([
      '2026-03-02T19:00:00.000Z',
      '2026-03-03T19:00:00.000Z',
      '2026-03-04T19:00:00.000Z',
    ]));
  it('knows time zones from typing errors', () => expect([isTimeZone('Europe/Vienna'), isTimeZone('Europe/Wien')]).toStrictEqual([true, false]));
});
