import { expect, it } from '@jest/globals';
import { AssignedPartition } from './assigned-partition.js';

// Found by a fault campaign: what its poison left in quarantine had lost the headers that say where it came from.
it.each([
  ['texts', { ce_type: 'Anything' }],
  ['bytes', { ce_type: Buffer.from('Anything') }],
])('a message that is set aside keeps its headers when they come as %s', (_, headers) => {
  const partition = new AssignedPartition({ topic: 'order.events', partition: 3 }, 'order');
  partition.accept([{ offset: 7, key: Buffer.from('x'), headers, value: Buffer.from('{}'), timestampMs: 0 }]);
  expect(partition.strays).toMatchObject([{ messageOffset: 7, headers: { ce_type: 'Anything' } }]);
});
