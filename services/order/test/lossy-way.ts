import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

/** A way to PostgreSQL that can lose an answer. */
export type LossyWay = {
  /** The database's address, through here. */
  readonly url: string;
  /** The next order that is placed reaches the database and is committed, the answer does not come back, and the connection breaks. */
  readonly loseNextOrder: () => void;
  readonly close: () => Promise<void>;
};

// ReadyForQuery, outside of a transaction: the database has committed.
const isIdle = Buffer.from('Z\0\0\0\u0005I', 'latin1');

/** Opens one. It reads just enough of the protocol to know an order that is placed, by its event, and that the database is done with it. */
export const lossyWay = async (databaseUrl: string): Promise<LossyWay> => {
  const url = new URL(databaseUrl);
  const target = { host: url.hostname, port: Number(url.port === '' ? 5432 : url.port) };
  let isArmed = false;
  const server = createServer((near) => {
    const far = connect(target);
    let isLosing = false;
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    near.on('data', (bytes) => {
      if (isArmed && bytes.includes('OrderPlaced')) [isArmed, isLosing] = [false, true];
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (!isLosing) near.write(bytes);
      else if (bytes.includes(isIdle)) end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.toString(),
    loseNextOrder: () => {
      isArmed = true;
    },
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
};
