import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import { startTelemetry, type Telemetry } from '@orderlog/observability';
import { eventually } from '@orderlog/testing';
import { call, listening, twoServices, unbearable, type TwoServices } from '../test/two-services.js';

describe('two services on one backbone', () => {
  let two: TwoServices;
  const rate = (id: string, score: number) => call(two.order, `/v1/orders/${id}/ratings`, 'POST', { score });
  const echoes = async (id: string): Promise<{ folded: number; projected: number }> => (await call(two.shipping, `/v1/shipments/${id}`)).body;
  const heard = (id: string, count: number) =>
    eventually(async () => {
      const { folded, projected } = await echoes(id);
      return folded === count && projected === count;
    });
  const problemOfCommand = async (id: string): Promise<string | undefined> => ((await call(two.shipping, `/v1/shipments/${id}`, 'DELETE')).body as { type?: string }).type;
  const echoesOfNew = async (): Promise<number> => {
    const id = await newOrder();
    await rate(id, 5);
    await heard(id, 1);
    return (await echoes(id)).folded;
  };
  const newOrder = async (): Promise<string> => (await call(two.order, '/v1/orders', 'POST').then(({ body }): { id: string } => body)).id;

  // Metrics belong to the process: they are switched on before anything registers one.
  let telemetry: Telemetry;
  const exporter = createServer((request, answer) => telemetry.serveMetrics(request, answer));
  const scraped = async (): Promise<string> => {
    const address = exporter.address();
    return (await fetch(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/metrics`)).text();
  };

  beforeAll(async () => {
    telemetry = await startTelemetry('test');
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
    two = await twoServices();
  });
  afterAll(async () => {
    await two.close();
    exporter.closeAllConnections();
    exporter.close();
    await telemetry.shutdown();
  });

  it('carries a command to the other service, through log, relay, topic and consumer, to its read model', async () => {
    const id = await newOrder();
    expect((await rate(id, 5)).body).toStrictEqual({ version: 1 });
    expect((await rate(id, 4)).body).toStrictEqual({ version: 2 });
    await heard(id, 2);
  });

  it('is ready in all its parts', async () => {
    const { status, body } = await call(two.shipping, '/readyz');
    expect(status).toBe(200);
    expect(body).toStrictEqual({ ready: true, parts: { start: 'ok', postgres: 'ok', relay: 'ok', copies: 'ok', consumer: 'ok' } });
  });

  it('goes on where it was after a restart', async () => {
    const id = await newOrder();
    await rate(id, 5);
    await two.restartShipping();
    await rate(id, 5);
    await heard(id, 2);
  });

  it('parks a stream that fails, tells operators, refuses commands on it, and releases it', async () => {
    const [id, other] = [await newOrder(), await newOrder()];
    await rate(id, unbearable);
    await rate(other, 1);
    await heard(other, 1);
    const parked = `/v1/shipments/ops/parked/shipment-${id}`;
    await eventually(async () => (await call(two.shipping, parked)).status === 200);
    await eventually(async () => (await problemOfCommand(id)) === 'urn:orderlog:problem:stream-parked');
    for (const way of ['decide', 'append']) {
      const { status, body } = await call(two.shipping, `/v1/shipments/${id}/${way}`, 'POST');
      expect([way, status, (body as { type?: string }).type]).toStrictEqual([way, 409, 'urn:orderlog:problem:stream-parked']);
    }
    // Looking changes nothing, and other streams are free.
    expect((await call(two.shipping, `/v1/shipments/${id}/load`, 'POST')).status).toBe(201);
    expect((await call(two.shipping, `/v1/shipments/${await newOrder()}/append`, 'POST')).status).toBe(201);
    expect((await call(two.shipping, `${parked}/release`, 'POST')).body).toMatchObject({ status: 409, detail: 'an unbearable score' });
    // Commands came through until the parking was known here; the waiting fact is one more.
    const { folded } = await echoes(id);
    listening.isCured = true;
    expect((await call(two.shipping, `${parked}/release`, 'POST')).body).toStrictEqual({ streamId: `shipment-${id}`, applied: 1 });
    await heard(id, folded + 1);
    await eventually(async () => (await problemOfCommand(id)) === undefined);
  });

  it('keeps foreign messages until an operator clears them; read again they stay cleared', async () => {
    const partition = 7;
    await two.poison(partition, 'of nobody');
    type Listed = { items: { id: string; reason: string }[] };
    const list = async (): Promise<Listed['items']> => ((await call(two.shipping, '/v1/shipments/ops/quarantined')).body as Listed).items;
    await eventually(async () => (await list()).length === 1);
    const id = (await list())[0]?.id ?? '';
    expect(id).toMatch(/order\.events-7@\d+$/);
    const path = `/v1/shipments/ops/quarantined/${encodeURIComponent(id)}`;
    expect(await call(two.shipping, path)).toMatchObject({ status: 200, body: { id, value: 'of nobody', reason: expect.any(String) } });
    expect(await call(two.shipping, path, 'DELETE')).toStrictEqual({ status: 200, body: { cleared: 1 } });
    expect((await call(two.shipping, path)).status).toBe(404);
    expect((await call(two.shipping, path, 'DELETE')).status).toBe(404);
    await two.poison(partition, 'of nobody either');
    await eventually(async () => (await list()).length === 1);
    expect((await list()).map((one) => one.id)).not.toContain(id);
    // Everything of the topic comes once more.
    await two.rereadTopic();
    await eventually(async () => (await echoesOfNew()) === 1);
    expect(await list()).toHaveLength(1);
    expect(await call(two.shipping, '/v1/shipments/ops/quarantined', 'DELETE')).toStrictEqual({ status: 200, body: { cleared: 1 } });
    expect(await list()).toStrictEqual([]);
  });

  it('publishes an emptied topic again when an operator says so, the whole or one shard', async () => {
    const id = await newOrder();
    await rate(id, 5);
    await heard(id, 1);
    await eventually(() => two.isStored());
    const before = await two.onTopic();
    const shard = 3;
    type Again = { items: { shard: number; fromSeq: number; toSeq: number }[] };
    const again = async (body: object): Promise<Again['items']> => ((await call(two.order, '/v1/orders/ops/republish', 'POST', body)).body as Again).items;
    const [only] = await again({ shard, fromSeq: 2 });
    expect(only).toMatchObject({ shard, fromSeq: 2 });
    await eventually(async () => (await two.onTopic()) === before + (only?.toSeq ?? 0) - 1);
    await eventually(() => two.isStored());
    await two.emptyTopic();
    expect(await two.onTopic()).toBe(0);
    const all = await again({});
    expect(all).toStrictEqual([{ shard, fromSeq: 1, toSeq: only?.toSeq }]);
    await eventually(async () => (await two.onTopic()) === only?.toSeq);
    // Whoever listens had them all.
    await rate(id, 4);
    await heard(id, 2);
    expect((await call(two.order, '/v1/orders/ops/republish', 'POST', { shard: 16 })).status).toBe(422);
    expect((await call(two.order, '/v1/orders/ops/republish', 'POST', { fromSeq: 0 })).status).toBe(422);
  });

  it('proves a read model, and tells when and where in the log it last was', async () => {
    const id = await newOrder();
    await rate(id, 3);
    await heard(id, 1);
    const proof = '/v1/shipments/ops/projections/proof';
    const { status, body } = await call(two.shipping, `${proof}?projection=echo-counts`, 'POST');
    const { items }: { items: { projection: string; events: number; live: string; rebuilt: string }[] } = body;
    expect([status, items[0]?.projection, items[0]?.live]).toStrictEqual([200, 'echo-counts', items[0]?.rebuilt]);
    expect((await call(two.shipping, '/v1/shipments/ops/status')).body).toMatchObject({ projections: [{ name: 'echo-counts', proven: { events: items[0]?.events } }] });
    await eventually(async () => {
      const metrics = await scraped();
      const [, position] = /^orderlog_projection_proven_position\{.*projection="echo-counts".*\} (\d+)/m.exec(metrics) ?? [];
      return Number(position) === items[0]?.events && /^orderlog_projection_proven_timestamp_seconds\{.*projection="echo-counts"/m.test(metrics);
    });
    expect((await call(two.shipping, `${proof}?projection=nothing`, 'POST')).status).toBe(404);
  });

  it('does not start on a schema that is newer in a way it cannot know', async () => {
    expect(await two.startOnNewerSchema()).toMatchObject({ message: expect.stringContaining('the breaking migration shipping/9999, which this version does not know: start a newer version') });
    const id = await newOrder();
    await rate(id, 2);
    await heard(id, 1);
  });

  it('shows operators where it stands; static paths win over ids', async () => {
    const { status, body } = await call(two.shipping, '/v1/shipments/ops/status');
    expect(status).toBe(200);
    expect(body).toMatchObject({ service: 'shipping', consumer: { status: 'running' }, projections: [{ name: 'echo-counts', version: 1, tables: ['echo_counts'], versions: [{ number: 1, state: 'live' }] }], parked: 0 });
    expect((await call(two.shipping, '/v1/shipments/ops/parked')).body).toStrictEqual({ items: [] });
    expect((await call(two.shipping, '/v1/shipments/ops/parked/shipment-nobody')).status).toBe(404);
  });
});
