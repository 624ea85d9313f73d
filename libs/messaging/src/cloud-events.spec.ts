import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '@orderlog/contracts';
import { decodeFact, encodeEvent, positionOf, textsOf } from './cloud-events.js';

const event: RecordedEvent = {
  eventId: '019aa000-0000-7000-8000-000000000001',
  type: 'OrderAccepted',
  schemaVersion: 2,
  tenantId: 'default',
  streamId: 'order-019aa000-0000-7000-8000-000000000003',
  streamVersion: 4,
  shard: 3,
  seq: 812,
  occurredAt: '2026-01-31T08:05:09.250Z',
  recordedAt: '2026-01-31T08:05:09.300Z',
  actor: { type: 'service', id: 'order' },
  commandId: 'c-1',
  correlationId: '019aa000-0000-7000-8000-000000000003',
  causationId: '019aa000-0000-7000-8000-000000000000',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  logId: '7d1b0000-0000-4000-8000-000000000000',
  batchHash: 'ab'.repeat(32),
  data: { orderId: '019aa000-0000-7000-8000-000000000003', city: 'Århus', lines: [{ quantity: 2 }] },
};

const stored = ({ data, tenantId, actor, commandId, correlationId, causationId, traceparent, ...event }: RecordedEvent) => ({
  event,
  metaJson: JSON.stringify({ tenantId, actor, commandId, correlationId, causationId, traceparent }),
  dataJson: JSON.stringify(data),
});

/** As it comes from Kafka: bytes. */
const wire = (recorded: RecordedEvent) => {
  const { key, headers, value } = encodeEvent('order', stored(recorded));
  return { key, texts: textsOf(Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]))), value };
};

describe('an event on its topic', () => {
  it('is a CloudEvent in binary mode', () => {
    expect(encodeEvent('order', stored(event))).toMatchInlineSnapshot(`
{
  "headers": {
    "ce_dataschema": "orderlog.order.v1.OrderAccepted/2",
    "ce_id": "019aa000-0000-7000-8000-000000000001",
    "ce_sequence": "4",
    "ce_source": "/orderlog/order",
    "ce_specversion": "1.0",
    "ce_subject": "019aa000-0000-7000-8000-000000000003",
    "ce_time": "2026-01-31T08:05:09.250Z",
    "ce_type": "OrderAccepted",
    "content-type": "application/json",
    "orderloglogid": "7d1b0000-0000-4000-8000-000000000000",
    "orderlogmeta": "{"recordedAt":"2026-01-31T08:05:09.300Z","batchHash":"abababababababababababababababababababababababababababababababab","tenantId":"default","actor":{"type":"service","id":"order"},"commandId":"c-1","correlationId":"019aa000-0000-7000-8000-000000000003","causationId":"019aa000-0000-7000-8000-000000000000","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}",
    "orderlogseq": "812",
    "orderlogshard": "3",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  },
  "key": "order-019aa000-0000-7000-8000-000000000003",
  "value": "{"orderId":"019aa000-0000-7000-8000-000000000003","city":"Århus","lines":[{"quantity":2}]}",
}
`);
  });

  it('comes back whole', () => {
    const { key, texts, value } = wire(event);
    expect(decodeFact('order', key, texts, value)).toStrictEqual({ ...event, source: 'order' });
  });

  it('comes back whole whatever its ids hold', () => {
    const strange: RecordedEvent = { ...event, commandId: 'a","correlationId":"b', correlationId: 'é\\"\n東京', tenantId: '"traceparent":"' };
    const { key, texts, value } = wire(strange);
    expect(decodeFact('order', key, texts, value)).toStrictEqual({ ...strange, source: 'order' });
    expect(texts(['ce_subject'])).toEqual([strange.correlationId]);
  });

  it('comes back without what it did not have', () => {
    const { causationId, traceparent, ...bare } = event;
    expect([causationId, traceparent]).not.toContain(undefined);
    const { key, texts, value } = wire(bare);
    expect(decodeFact('order', key, texts, value)).toStrictEqual({ ...bare, source: 'order' });
  });

  it.each([
    ['no sequence number', { orderlogseq: undefined }],
    ['a sequence number that is none', { orderlogseq: 'many' }],
    ['sequence number 0', { orderlogseq: '0' }],
    ['a negative shard', { orderlogshard: '-1' }],
    ['no log', { orderloglogid: '' }],
    ['no type', { ce_type: undefined }],
    ['no id', { ce_id: undefined }],
  ])('has no position with %s', (_, headers: Record<string, string | undefined>) => {
    const all: Record<string, string | undefined> = { ...encodeEvent('order', stored(event)).headers, ...headers };
    expect(positionOf(textsOf(all))).toBeUndefined();
  });

  it('does not take a header that was given twice', () => {
    expect(textsOf({ orderlogseq: [Buffer.from('1'), Buffer.from('2')], orderlogshard: Buffer.from('3') })(['orderlogseq', 'orderlogshard'])).toEqual([undefined, '3']);
  });

  it.each(['', 'nonsense', '[]', 'null', '"text"'])('cannot be read with the payload %j', (value) => {
    const { key, texts } = wire(event);
    expect(() => decodeFact('order', key, texts, value)).toThrow();
  });
});
