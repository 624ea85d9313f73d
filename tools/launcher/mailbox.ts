import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { fileError } from '../local-stack/stack-error.js';

/** A mail server that sends nothing on. */
export interface Mailbox {
  /** As in SMTP_URL. */
  readonly url: string;
  readonly folder: string;
  /** How many letters lie in the folder, of earlier starts too. */
  count(): number;
  close(): Promise<void>;
}

const letterBytesMax = 1024 * 1024;

const readWhole = async (stream: AsyncIterable<Buffer>): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes <= letterBytesMax) chunks.push(chunk);
  }
  if (bytes > letterBytesMax) throw new Error(`a letter may have ${letterBytesMax} bytes`);
  return Buffer.concat(chunks);
};

/**
 * A real SMTP server on 127.0.0.1 that keeps every letter as a file: the demo's customers are invented, and nothing may leave the machine.
 * The folder and its letters, which hold names and addresses, are for their owner only.
 */
export const openMailbox = async (folder: string): Promise<Mailbox> => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileError(error, folder);
  }
  let number = 0;
  const keep = (content: Buffer): void => {
    const path = join(folder, `${new Date().toISOString().replaceAll(':', '-')}-${++number}.eml`);
    writeFileSync(`${path}.new`, content, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onData: (stream, _session, callback) => {
      readWhole(stream as AsyncIterable<Buffer>)
        .then(keep)
        .then(() => callback(), callback);
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  // A client that goes away in the middle is the client's affair; it sends the letter again.
  server.on('error', () => undefined);
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    folder,
    count: () => readdirSync(folder).filter((name) => name.endsWith('.eml')).length,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
};
