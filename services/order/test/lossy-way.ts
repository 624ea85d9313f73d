import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

/** A way to PostgreSQL that can lose an answer. */
export type LossyWay = {
  /** The database's address, through here. */
  readonly url: string;
  /** The next commit reaches the database, its answer does not come back, and the connection breaks. */
  readonly loseNextCommit: () => void;
  readonly close: () => Promise<void>;
};

/** Opens one. It reads just enough of the protocol to know a commit: the text of the statement, and the tag of its answer. */
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
      if (isArmed && bytes.includes('commit\0')) [isArmed, isLosing] = [false, true];
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (!isLosing) near.write(bytes);
      else if (bytes.includes('COMMIT\0')) end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.toString(),
    loseNextCommit: () => {
      isArmed = true;
    },
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
};
