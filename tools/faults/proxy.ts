import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { LinkTrouble } from './plan.js';

/** Something that stands between a client and a server on this machine, and can be told to be in the way. */
export type Proxy = {
  readonly port: number;
  /** Where the server listens. */
  readonly aimAt: (port: number) => void;
  /** Begins to be in the way, or (undefined) lets everything pass again; connections that lost bytes in between are broken then. */
  readonly be: (trouble: LinkTrouble | undefined) => void;
  /** Bytes that went nowhere so far. */
  readonly lost: () => number;
  readonly close: () => Promise<void>;
};

const delayMsMax = 800;

type Way = 'to-server' | 'to-client';
type Link = { readonly client: Socket; readonly server: Socket; hasLost: boolean; readonly loses: Way };

/** Passes bytes on in order, each chunk as late as `delayMs` says when it comes. */
const pass = (from: Socket, to: Socket, take: (chunk: Buffer) => boolean, delayMs: () => number): void => {
  const waiting: Buffer[] = [];
  let dueAt = 0;
  const write = (chunk: Buffer): void => {
    if (to.destroyed || to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  };
  from.on('data', (chunk: Buffer) => {
    if (!take(chunk)) return;
    const ms = delayMs();
    if (ms === 0 && waiting.length === 0) {
      write(chunk);
      return;
    }
    waiting.push(chunk);
    dueAt = Math.max(dueAt, performance.now() + ms);
    setTimeout(() => write(waiting.shift() ?? Buffer.alloc(0)), dueAt - performance.now());
  });
};

/** Starts a proxy on a free port of 127.0.0.1. `random` decides how late and which way. */
export const startProxy = async (random: () => number): Promise<Proxy> => {
  let target = 0;
  let trouble: LinkTrouble | undefined;
  const open = new Set<Link>();
  const end = (link: Link): void => {
    open.delete(link);
    link.client.resetAndDestroy();
    link.server.destroy();
  };
  let lost = 0;
  const take = (link: Link, way: Way, chunk: Buffer): boolean => {
    if (trouble === 'half-open' || (trouble === 'one-way' && link.loses === way)) {
      link.hasLost = true;
      lost += chunk.length;
      return false;
    }
    // The server has done what it was asked; whoever asked never hears of it.
    if (trouble === 'lost-answers' && way === 'to-client' && random() < 0.5) {
      lost += chunk.length;
      end(link);
      return false;
    }
    return true;
  };
  const server = createServer({ noDelay: true }, (client) => {
    if (target === 0 || trouble === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const link: Link = { client, server: connect({ host: '127.0.0.1', port: target, noDelay: true }), hasLost: false, loses: random() < 0.5 ? 'to-server' : 'to-client' };
    open.add(link);
    const delayMs = (): number => (trouble === 'delay' ? random() * delayMsMax : 0);
    pass(client, link.server, (chunk) => take(link, 'to-server', chunk), delayMs);
    pass(link.server, client, (chunk) => take(link, 'to-client', chunk), delayMs);
    for (const [side, other] of [[client, link.server], [link.server, client]] as const) {
      side.on('error', () => end(link));
      // Half-open: nobody is told that the other one has gone.
      side.on('end', () => (trouble === 'half-open' ? (link.hasLost = true) : other.end()));
      side.on('close', () => {
        if (trouble === 'half-open') link.hasLost = true;
        else other.destroy();
        if (client.destroyed && link.server.destroyed) open.delete(link);
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    aimAt: (port) => (target = port),
    lost: () => lost,
    be: (next) => {
      trouble = next;
      if (next === 'cut') for (const link of [...open]) end(link);
      if (next === undefined) for (const link of [...open]) if (link.hasLost) end(link);
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const link of [...open]) end(link);
      await closed;
    },
  };
};
