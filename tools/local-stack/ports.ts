import { randomInt } from 'node:crypto';
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

// Below what Linux (from 32768) and others (from 49152) give to outgoing connections: with hundreds of those a second one of them would
// now and then sit on the port by the time it is listened on.
const lowest = 10_240;
const highest = 32_767;
const triesMax = 50;

/**
 * A free port of 127.0.0.1: the preferred one while nobody else has it, so that addresses survive a restart; else any.
 * Another process can take it before it is used; that shows as a failed start, not as a wrong one.
 */
export const freePort = async (preferred?: number): Promise<number> => {
  if (preferred !== undefined && typeof (await bind(preferred)) === 'number') return preferred;
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const port = await bind(lowest + randomInt(highest - lowest + 1));
    if (typeof port === 'number') return port;
  }
  const port = await bind(0);
  if (typeof port !== 'number') throw new StackError(`no port of 127.0.0.1 can be opened (${port.message})`, 'end some programs, or allow more open files', { cause: port });
  return port;
};

/** So many free ports, each another one. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
};
