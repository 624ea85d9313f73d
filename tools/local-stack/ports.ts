import { createServer } from 'node:net';
import { codeOf, StackError } from './stack-error.js';

/** Binds and lets go; answers the port, or why it may not be had. */
const bind = (port: number): Promise<number | NodeJS.ErrnoException> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : new Error('the listener has no address')));
    });
  });

/** Refuses a port of 127.0.0.1 that this process could not listen on, and says why. */
export const requirePort = async (port: number): Promise<void> => {
  const answer = await bind(port);
  if (answer === port) return;
  const isForbidden = codeOf(answer) === 'EACCES';
  throw new StackError(`port ${port} ${isForbidden ? 'may not be opened by this user' : 'is taken'}`, 'choose another with --port, or leave it out and a free one is chosen');
};

/**
 * A free port of 127.0.0.1: the preferred one while nobody else has it, so that addresses survive a restart; else any.
 * Another process can take it before it is used; that shows as a failed start, not as a wrong one.
 */
export const freePort = async (preferred?: number): Promise<number> => {
  const kept = preferred === undefined ? undefined : await bind(preferred);
  const port = typeof kept === 'number' ? kept : await bind(0);
  if (typeof port !== 'number') throw new StackError(`no port of 127.0.0.1 can be opened (${port.message})`, 'end some programs, or allow more open files', { cause: port });
  return port;
};
