import { connect } from 'node:net';

/** Metadata, version 5: the newest that needs no tagged fields, and one that Kafka 4 still answers. */
const request = (): Buffer => {
  const clientId = Buffer.from('orderlog-probe');
  const frame = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length + 4 + 1);
  let at = frame.writeInt32BE(frame.length - 4, 0);
  at = frame.writeInt16BE(3, at); // Metadata
  at = frame.writeInt16BE(5, at);
  at = frame.writeInt32BE(1, at); // correlation id
  at = frame.writeInt16BE(clientId.length, at);
  at += clientId.copy(frame, at);
  at = frame.writeInt32BE(0, at); // no topics
  frame.writeInt8(0, at); // create none
  return frame;
};

/** Brokers in a Metadata answer, without the frame's length. */
const brokersIn = (answer: Buffer): number => answer.readInt32BE(4 + 4);

/**
 * Asks a broker for its metadata; answers how many brokers it knows, 0 while it is still starting. Throws when nothing answers.
 * A raw request, because an open port is not yet a broker, and the Kafka client belongs to libs/messaging alone.
 */
export const countBrokers = (host: string, port: number, timeoutMs = 2000): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    let received = Buffer.alloc(0);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once('connect', () => socket.write(request()));
    socket.once('timeout', () => fail(new Error(`no answer within ${timeoutMs} ms`)));
    socket.once('error', fail);
    socket.once('close', () => reject(new Error('connection closed')));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      socket.removeAllListeners('close');
      socket.destroy();
      resolve(brokersIn(received.subarray(4)));
    });
  });
