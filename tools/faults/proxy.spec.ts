import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderlog/testing';
import { startProxy, type Proxy } from './proxy.js';

let server: Server;
let proxy: Proxy;
let heardByServer = '';
const clients: Socket[] = [];

/** A client through the proxy, what it has heard, and whether its connection has ended. */
const client = async (): Promise<{ readonly socket: Socket; heard: string; isOver: boolean }> => {
  const socket = connect({ host: '127.0.0.1', port: proxy.port });
  clients.push(socket);
  const state = { socket, heard: '', isOver: false };
  socket.on('data', (chunk) => (state.heard += chunk.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (state.isOver = true));
  await eventually(() => !socket.connecting, 2_000);
  return state;
};

beforeEach(async () => {
  heardByServer = '';
  // Answers everything with the same in capitals.
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      heardByServer += chunk.toString();
      socket.write(chunk.toString().toUpperCase());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Always the lower half: what goes one way is lost on the way to the server, and every answer is lost.
  proxy = await startProxy(() => 0.25);
  proxy.aimAt((server.address() as AddressInfo).port);
});

afterEach(async () => {
  for (const socket of clients.splice(0)) socket.destroy();
  await proxy.close();
  server.close();
  await once(server, 'close');
});

describe('a proxy in the way', () => {
  it('passes everything on in order while nothing is wrong, and late when it delays', async () => {
    const one = await client();
    one.socket.write('a');
    await eventually(() => one.heard === 'A', 2_000);
    proxy.be('delay');
    for (const letter of ['b', 'c', 'd']) one.socket.write(letter);
    await eventually(() => one.heard === 'ABCD', 5_000);
  });

  it('breaks what is open and takes nothing new while it is cut', async () => {
    const one = await client();
    one.socket.write('a');
    await eventually(() => one.heard === 'A', 2_000);
    proxy.be('cut');
    await eventually(() => one.isOver, 2_000);
    const two = await client();
    await eventually(() => two.isOver, 2_000);
    proxy.be(undefined);
    const three = await client();
    three.socket.write('c');
    await eventually(() => three.heard === 'C', 2_000);
  });

  it.each(['half-open', 'one-way'] as const)('%s: the bytes are gone, and so is the connection when it is over', async (trouble) => {
    const one = await client();
    one.socket.write('a');
    await eventually(() => one.heard === 'A', 2_000);
    proxy.be(trouble);
    one.socket.write('b');
    await eventually(() => proxy.lost() === 1, 2_000);
    expect(one.isOver).toBe(false);
    proxy.be(undefined);
    await eventually(() => one.isOver, 2_000);
    expect(heardByServer).toBe('a');
  });

  it('loses answers: the server has heard, the client never hears', async () => {
    const one = await client();
    proxy.be('lost-answers');
    one.socket.write('a');
    await eventually(() => one.isOver, 2_000);
    expect([heardByServer, one.heard, proxy.lost()]).toStrictEqual(['a', '', 1]);
  });
});
