import { writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { orderDocument } from '../sample-world/order-documents.js';
import { sampleWorld } from '../sample-world/world.js';
import type { System } from '../system/system.js';

/** For a shell, quoted only where it must be. */
export const quoted = (text: string): string => (/^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** An order that somebody can submit as it is; the simulated people carry it to the door. */
const writeExample = (data: string): string => {
  const [place] = sampleWorld().coordinates;
  const [item] = sampleWorld().items;
  if (place === undefined || item === undefined) throw new Error('the sample world is empty');
  const path = join(data, 'example-order.json');
  const document = orderDocument({ reference: `example-${Date.now().toString(36)}`, number: 7, place, lines: [{ sku: item.sku, quantity: 2 }] });
  writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
  return path;
};

/** The last screen: where everything is, and three commands that work when they are pasted into another terminal here. */
export const tryNext = (options: { readonly system: System; readonly data: string; readonly orderId: string | undefined; readonly letters: string }): string => {
  const { system, data, orderId, letters } = options;
  const orderlog = `npm run --silent orderlog --${data === resolve('.orderlog') ? '' : ` --data ${quoted(data)}`}`;
  const near = relative('.', writeExample(data));
  const authorization = `-H "authorization: Bearer ${system.secrets.apiKey}"`;
  return `
  API       ${system.baseUrl}/v1/orders
  docs      ${system.baseUrl}/docs
  gRPC      ${system.grpc}  (orderlog.order.v1)
  API key   ${system.secrets.apiKey}
  letters   ${letters}
  data      ${data}  (logs in ${join(data, 'logs')})

Try next, in another terminal:
  ${orderlog} order submit ${quoted(near.startsWith('..') ? join(data, 'example-order.json') : near)}
  ${orderId === undefined ? `curl -s ${authorization} "${system.baseUrl}/v1/orders?limit=3"` : `${orderlog} order timeline ${orderId}`}
  ${orderlog} verify

Running until Ctrl-C; the next start goes on with what is stored.`;
};
