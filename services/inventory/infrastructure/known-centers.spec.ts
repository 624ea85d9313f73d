import { describe, expect, it } from '@jest/globals';
import type { CenterCopy } from '@orderlog/contracts';
import { knownCenters } from './known-centers.js';

const berg: CenterCopy = {
  centerId: 'berg',
  name: 'Berg',
  kind: 'own',
  countryCode: 'AT',
  region: '',
  postalCode: '1010',
  city: 'Wien',
  latitude: 48.2,
  longitude: 16.4,
  timeZone: 'Europe/Vienna',
  cutOff: '14:00',
  capacityUnitsPerDay: 100,
  stopped: false,
  version: 1,
};

describe('the copy of the centers', () => {
  it('knows what was published, and waits for what is about to be', async () => {
    const centers = knownCenters(async () => false);
    const asked = centers.judge('berg');
    centers.apply({ key: 'berg', value: berg });
    expect([await asked, await centers.judge('berg')]).toStrictEqual(['known', 'known']);
  });

  it('calls a center unknown only when it holds all that stands on the topic', async () => {
    const [whole, behind, empty] = [knownCenters(async () => true), knownCenters(async () => false), knownCenters(async () => true)];
    for (const centers of [whole, behind]) centers.apply({ key: 'see', value: { ...berg, centerId: 'see' } });
    expect(await Promise.all([whole, behind, empty].map((centers) => centers.judge('tal')))).toStrictEqual(['unknown', 'behind', 'behind']);
    whole.apply({ key: 'tal', value: { ...berg, centerId: 'tal' } });
    whole.apply({ key: 'tal', value: undefined });
    expect(await whole.judge('tal')).toBe('unknown');
  });

  it('does not overlook a center that comes while it looks at the end of the topic', async () => {
    const centers = knownCenters(async () => {
      centers.apply({ key: 'berg', value: berg });
      return true;
    });
    expect(await centers.judge('berg')).toBe('known');
  });
});
