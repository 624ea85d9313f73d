import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderlog/testing';
import { Client } from 'pg';
import { Webhook } from 'standardwebhooks';
import { onceItIs, openWorld, until, type Packed, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const handOver = async (...packed: readonly Packed[]) => {
  const body = { centerId: 'sao-paulo', packageIds: packed.map(({ packageId }) => packageId) };
  return (await world.call('/v1/shipments/handovers', { method: 'POST', body })).body as { packages: { packageId: string; status: string; reason?: string; shipmentId?: string }[] };
};
const collect = async (...trackingNumbers: readonly (string | undefined)[]) => {
  const response = await fetch(`${world.carrier.url}/pickups`, { method: 'POST', body: JSON.stringify({ trackingNumbers }) });
  expect(response.status).toBe(202);
};
/** From packed to the carrier's hands. */
const sent = async (options?: Parameters<World['pack']>[0]): Promise<Packed & { readonly trackingNumber: string }> => {
  const packed = await world.pack(options);
  const { trackingNumber = '' } = await onceItIs(world, packed, 'labeled');
  await handOver(packed);
  await collect(trackingNumber);
  return { ...packed, trackingNumber };
};

describe('a plain package', () => {
  it('goes from packed over label, hand-over and scans to delivered', async () => {
    const packed = await world.pack();
    const { trackingNumber, carrier } = await onceItIs(world, packed, 'labeled');
    expect(carrier).toBe('simpost');
    expect(trackingNumber).toMatch(/^HA\d{9}BR$/);
    const ready = await eventually(async () => {
      const { body } = await world.call('/v1/shipments/packages?centerId=sao-paulo&status=ready');
      const found = (body as { items: { id: string }[] }).items.find(({ id }) => id === packed.packageId);
      expect(found).toMatchObject({ trackingNumber, carrier: 'simpost', lines: [{ sku: 'MUG', quantity: 1 }] });
      return found;
    });
    expect(ready).toBeDefined();
    const first = await handOver(packed);
    expect(first.packages).toStrictEqual([{ packageId: packed.packageId, status: 'handed_over', shipmentId: `${packed.fulfillmentOrderId}.s1` }]);
    expect(await handOver(packed)).toStrictEqual(first);
    await collect(trackingNumber);
    await onceItIs(world, packed, 'delivered');
    expect(await world.types(packed)).toStrictEqual([
      'LabelPurchaseRequested',
      'LabelPurchased',
      'ShipmentHandedOver',
      'TrackingScanRecorded',
      'TrackingScanRecorded',
      'TrackingScanRecorded',
      'TrackingScanRecorded',
      'PackageDelivered',
    ]);
  });
});

describe('the carrier', () => {
  it('that refuses is followed by the next', async () => {
    const packed = await world.pack({ sku: 'FAILFIRST-MUG' });
    expect(await onceItIs(world, packed, 'labeled')).toMatchObject({ carrier: 'simexpress' });
    expect(await world.types(packed)).toStrictEqual(['LabelPurchaseRequested', 'LabelRefused', 'LabelPurchaseRequested', 'LabelPurchased']);
  });

  it('that refuses like all others fails the label, and staff may ask again', async () => {
    const packed = await world.pack({ sku: 'FAILLABEL-MUG' });
    await onceItIs(world, packed, 'label_failed');
    expect((await world.call(`/v1/shipments/packages/${packed.packageId}/label`, { method: 'POST' })).status).toBe(202);
    await until(async () => expect((await world.types(packed)).filter((type) => type === 'LabelFailed')).toHaveLength(2));
  });

  it('sells one label when its answer is lost: read before retry', async () => {
    world.line.cutAnswers = 1;
    const before = world.line.heard.length;
    const packed = await world.pack();
    const { trackingNumber } = await onceItIs(world, packed, 'labeled');
    expect(world.line.heard.slice(before)).toStrictEqual(['POST /labels/batch', 'GET /labels']);
    expect(await world.types(packed)).toStrictEqual(['LabelPurchaseRequested', 'LabelPurchased']);
    const bought = await fetch(`${world.carrier.url}/labels?key=${encodeURIComponent(`shipment-${packed.fulfillmentOrderId}/1`)}`);
    expect(await bought.json()).toMatchObject({ labels: [{ trackingNumber }] });
  });

  it('sells one label when the service is stopped between the sale and its record', async () => {
    world.line.cutAnswers = 1;
    const before = world.line.heard.length;
    const packed = await world.pack();
    await until(() => expect(world.line.cutAnswers).toBe(0));
    await world.restartShipping();
    await onceItIs(world, packed, 'labeled');
    expect(world.line.heard.slice(before)).toStrictEqual(['POST /labels/batch', 'GET /labels']);
    expect(await world.types(packed)).toStrictEqual(['LabelPurchaseRequested', 'LabelPurchased']);
  });

  it('sells one label when the record of the sale is lost with its connection', async () => {
    const admin = new Client({ connectionString: world.database.adminUrl });
    await admin.connect();
    let letGo: () => void = () => undefined;
    world.line.holding = new Promise((resolve) => (letGo = resolve));
    const before = world.line.heard.length;
    const heard = () => world.line.heard.slice(before);
    const packed = await world.pack();
    await until(() => expect(heard()).toStrictEqual(['POST /labels/batch']));
    await admin.query('begin');
    await admin.query('select 1 from shard_head for update');
    letGo();
    // The session that records what was bought, and perhaps others: all of them are gone.
    const recording = `from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await until(async () => {
      await admin.query('select pg_stat_clear_snapshot()');
      expect((await admin.query(`select 1 ${recording}`)).rowCount).toBeGreaterThan(0);
    });
    await admin.query(`select pg_terminate_backend(pid) ${recording}`);
    await admin.query('rollback');
    await admin.end();
    await onceItIs(world, packed, 'labeled');
    expect(heard()).toStrictEqual(['POST /labels/batch', 'GET /labels']);
    expect(await world.types(packed)).toStrictEqual(['LabelPurchaseRequested', 'LabelPurchased']);
  });
});

describe('scans', () => {
  const signed = async (scans: readonly object[], { at = new Date(), id = 'msg_1', secret = world.webhookSecret, tamper = false } = {}) => {
    const body = JSON.stringify({ type: 'tracking.scans', timestamp: at.toISOString(), data: { scans } });
    return fetch(`${world.shipping.url}/v1/shipments/carrier-scans`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign(id, at, body),
      },
      body: tamper ? body.replace('in_transit', 'delivered') : body,
    });
  };
  const scan = (trackingNumber: string, scanId: string, status = 'in_transit') => ({
    scanId,
    carrier: 'simpost',
    trackingNumber,
    status,
    text: 'as told',
    scannedAt: '2026-11-24T06:00:00.000-03:00',
    city: 'Campinas',
    countryCode: 'BR',
  });

  it('that come late, twice and out of order move nothing back', async () => {
    const packed = await sent({ sku: 'LATE-MUG' });
    await onceItIs(world, packed, 'delivered');
    await until(async () => expect((await world.types(packed)).filter((type) => type === 'TrackingScanRecorded')).toHaveLength(4));
    const types = await world.types(packed);
    expect(types.filter((type) => type === 'PackageDelivered')).toHaveLength(1);
    expect((await onceItIs(world, packed, 'delivered')).status).toBe('delivered');
  });

  it('of a lost and of a returned parcel end it', async () => {
    const [lost, returned] = await Promise.all([sent({ sku: 'LOST-MUG' }), sent({ sku: 'RTS-MUG' })]);
    await onceItIs(world, lost, 'lost');
    await onceItIs(world, returned, 'returned_to_sender');
    expect(await world.types(returned)).toContain('DeliveryAttemptFailed');
  });

  it('prove a hand-over that nobody recorded', async () => {
    const packed = await world.pack();
    const { trackingNumber = '' } = await onceItIs(world, packed, 'labeled');
    expect(await (await signed([scan(trackingNumber, 'x1')])).json()).toStrictEqual({ recorded: 1, duplicates: 0, quarantined: 0 });
    expect(await onceItIs(world, packed, 'handed_over')).toMatchObject({ shipmentId: `${packed.fulfillmentOrderId}.s1` });
  });

  it('sent again change nothing', async () => {
    const packed = await world.pack();
    const { trackingNumber = '' } = await onceItIs(world, packed, 'labeled');
    await signed([scan(trackingNumber, 'y1')], { id: 'msg_again' });
    const again = await signed([scan(trackingNumber, 'y1')], { id: 'msg_again' });
    expect([again.status, await again.json()]).toStrictEqual([202, { recorded: 0, duplicates: 1, quarantined: 0 }]);
  });

  it('nobody can place are kept for people, once', async () => {
    const unknown = scan('HA473124829BR', 'z1');
    const misread = scan('HA473124828BR', 'z2');
    expect(await (await signed([unknown, misread])).json()).toStrictEqual({ recorded: 0, duplicates: 0, quarantined: 2 });
    await signed([unknown, misread]);
    const { body } = await world.call('/v1/shipments/carrier-scans/quarantined');
    const reasons = (body as { scans: { scanId: string; reason: string }[] }).scans.filter(({ scanId }) => /^z/.test(scanId)).map(({ scanId, reason }) => `${scanId} ${reason}`);
    expect(reasons.sort()).toStrictEqual(['z1 unknown_tracking_number', 'z2 wrong_check_digit']);
  });

  it.each([
    ['with another secret', { secret: `whsec_${Buffer.from('another secret of 32 bytes .....').toString('base64')}` }],
    ['changed on the way', { tamper: true }],
    ['older than five minutes', { at: new Date(Date.now() - 6 * 60_000) }],
    ['from the future', { at: new Date(Date.now() + 6 * 60_000) }],
  ])('%s are refused', async (_, options) => {
    const response = await signed([scan('HA473124829BR', 'w1')], options);
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  it('that are malformed name the field', async () => {
    const response = await signed([{ ...scan('HA473124829BR', 'v1'), status: 'teleported' }]);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ pointer: '/data/scans/0/status' }] });
  });
});

describe('a cancellation', () => {
  const cancel = (packed: Packed, quantity: number) =>
    world.tell('warehouse', packed.orderId, {
      type: 'FulfillmentOrderCancellationRefused',
      data: {
        fulfillmentOrderId: packed.fulfillmentOrderId,
        orderId: packed.orderId,
        cancellationId: 'c1',
        reason: 'not_mine',
        shares: [{ lineId: '1', sku: 'MUG', quantity, packageId: packed.packageId }],
      },
    });

  it('withdraws a package before hand-over and gives its label back to the carrier', async () => {
    const packed = await world.pack();
    const { trackingNumber } = await onceItIs(world, packed, 'labeled');
    await cancel(packed, 1);
    await onceItIs(world, packed, 'cancelled');
    expect(await world.types(packed)).toStrictEqual(['LabelPurchaseRequested', 'LabelPurchased', 'LabelVoided', 'ShipmentCancelled']);
    await until(async () => {
      const labels = await fetch(`${world.carrier.url}/labels?key=${encodeURIComponent(`shipment-${packed.fulfillmentOrderId}/1`)}`);
      expect(await labels.json()).toMatchObject({ labels: [{ trackingNumber, voided: true }] });
    });
    expect((await handOver(packed)).packages).toMatchObject([{ status: 'refused', reason: 'cancelled' }]);
  });

  it('comes too late after hand-over', async () => {
    const packed = await world.pack();
    await onceItIs(world, packed, 'labeled');
    await handOver(packed);
    await cancel(packed, 1);
    await until(async () => expect((await world.types(packed)).at(-1)).toBe('ShipmentCancellationRefused'));
  });

  it('for a package that has not arrived waits for it, and no label is bought', async () => {
    const packed = await world.pack({ silently: true });
    await cancel(packed, 1);
    await until(async () => expect(await world.types(packed)).toStrictEqual(['ShipmentCancellationNoted']));
    await world.pack({ order: packed });
    await until(async () => expect(await world.types(packed)).toStrictEqual(['ShipmentCancellationNoted', 'ShipmentCancelled']));
  });
});

describe('an address change', () => {
  it('before hand-over buys the label anew with the new address', async () => {
    const packed = await world.pack();
    const { trackingNumber: first } = await onceItIs(world, packed, 'labeled');
    const address = world.addresses.get(packed.orderId);
    if (address === undefined) throw new Error('the order has no address');
    world.addresses.set(packed.orderId, { ...address, personalDataVersion: 2, city: 'Niterói', postalCode: '24020-005' });
    await world.tell('order', packed.orderId, {
      type: 'OrderAddressChanged',
      data: { orderId: packed.orderId, destination: { countryCode: 'BR', region: 'RJ', postalCode: '24020-005', city: 'Niterói' }, personalDataVersion: 2, personalDataDigest: '' },
    });
    await until(async () =>
      expect(await world.types(packed)).toStrictEqual([
        'LabelPurchaseRequested',
        'LabelPurchased',
        'ShipmentAddressChanged',
        'LabelVoided',
        'LabelPurchaseRequested',
        'LabelPurchased',
      ]),
    );
    const { trackingNumber: second } = await onceItIs(world, packed, 'labeled');
    expect(second).not.toBe(first);
  });
});

describe('what people see', () => {
  it('is a label to print', async () => {
    const packed = await world.pack();
    await onceItIs(world, packed, 'labeled');
    const { status, text, headers } = await world.call(`/v1/shipments/packages/${packed.packageId}/label.pdf`);
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toStrictEqual([200, 'application/pdf', 'no-store']);
    expect(text.startsWith('%PDF-')).toBe(true);
    expect(text).toContain('/MediaBox [0 0 288 432]');
  });

  it('is a tracking page with every package, without login, script or address', async () => {
    const one = await sent({ sku: 'MUG', quantity: 2 });
    const two = await world.pack({ sku: 'PLATE', order: one, n: 2 });
    await onceItIs(world, one, 'delivered');
    await onceItIs(world, two, 'labeled');
    const page = await eventually(async () => {
      const answer = await world.call(`/track/${one.token}`, { tenant: 'nobody' });
      expect(answer.text).toContain('Parcel 2 of 2');
      expect(answer.text).toContain('Delivered on');
      return answer;
    });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const shown of ['Your order to Rio de Janeiro', 'MUG', '2 ×', 'PLATE', 'UTC−3', one.trackingNumber]) expect(page.text).toContain(shown);
    for (const hidden of ['Ana', 'Laranjeiras', '20040', '<script']) expect(page.text).not.toContain(hidden);
  });

  it('is a 404 page for an unknown token', async () => {
    for (const token of ['nobody-has-this-token', '..%2f..%2fetc', 'x']) {
      const { status, text } = await world.call(`/track/${token}`, { tenant: 'nobody' });
      expect([status, text.includes('No parcel is known by this link')]).toStrictEqual([404, true]);
    }
  });

  it('is the tracking of one number', async () => {
    const packed = await sent();
    await onceItIs(world, packed, 'delivered');
    await until(async () => {
      const { status, body } = await world.call(`/v1/shipments/tracking/${packed.trackingNumber}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ status: 'delivered', scans: [{ status: 'delivered' }, { status: 'out_for_delivery' }, { status: 'in_transit' }, { status: 'in_transit' }] });
    });
  });
});

describe('bad input and strangers', () => {
  it('are told apart and change nothing', async () => {
    const packed = await world.pack();
    await onceItIs(world, packed, 'labeled');
    const answers = await Promise.all([
      world.call(`/v1/shipments/${packed.fulfillmentOrderId}`, { tenant: 'other' }),
      world.call(`/v1/shipments/${packed.fulfillmentOrderId}`, { tenant: 'nobody' }),
      world.call('/v1/shipments/nothing'),
      world.call(`/v1/shipments/packages/${packed.packageId}/label.pdf`, { tenant: 'other' }),
      world.call(`/v1/shipments/packages/${packed.packageId}/label`, { method: 'POST' }),
      world.call('/v1/shipments/tracking/HA000000000XX'),
      world.call('/v1/shipments/handovers', { method: 'POST', body: { centerId: 'sao-paulo', packageIds: [] } }),
      world.call('/v1/shipments/handovers', { method: 'POST', body: { centerId: 'sao-paulo', packageIds: [packed.packageId], extra: 1 } }),
      world.call('/v1/shipments/packages?centerId=sao-paulo&status=gone'),
      world.call('/v1/shipments/packages?centerId=sao-paulo&status=ready&cursor=rubbish'),
    ]);
    expect(answers.map(({ status }) => status)).toStrictEqual([404, 401, 404, 404, 409, 404, 422, 422, 400, 400]);
    const stranger = await world.call('/v1/shipments/handovers', { method: 'POST', tenant: 'other', body: { centerId: 'sao-paulo', packageIds: [packed.packageId, 'nothing'] } });
    expect(stranger.body).toMatchObject({ packages: [{ reason: 'unknown_package' }, { reason: 'unknown_package' }] });
    expect((await handOver({ ...packed, packageId: packed.packageId })).packages).toMatchObject([{ status: 'handed_over' }]);
  });

  it('pages through the dock by cursor', async () => {
    const { body } = await world.call('/v1/shipments/packages?centerId=sao-paulo&status=ready&limit=2');
    const first = body as { items: { id: string }[]; nextCursor: string };
    expect(first.items).toHaveLength(2);
    const second = (await world.call(`/v1/shipments/packages?centerId=sao-paulo&status=ready&limit=2&cursor=${first.nextCursor}`)).body as { items: { id: string }[] };
    expect(second.items.map(({ id }) => id)).not.toEqual(expect.arrayContaining([first.items[1]?.id]));
  });
});
