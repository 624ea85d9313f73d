import { createServer } from 'node:net';

const bind = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });

/** True when nothing listens on this port of 127.0.0.1. */
export const isPortFree = async (port: number): Promise<boolean> => (await bind(port)) !== undefined;

/**
 * A free port of 127.0.0.1: the preferred one while nobody else has it, so that addresses survive a restart; else any.
 * Another process can take it before it is used; that shows as a failed start, not as a wrong one.
 */
export const freePort = async (preferred?: number): Promise<number> => {
  const port = (preferred === undefined ? undefined : await bind(preferred)) ?? (await bind(0));
  if (port === undefined) throw new Error('no free port on 127.0.0.1');
  return port;
};
