import { connect, type Socket } from 'node:net';

/** The bytes of a request with a JSON body. Made before the clock runs: outside of the heap they cost its collector nothing. */
export const rawRequest = (line: string, headers: string, body: string): Buffer =>
  Buffer.from(`${line} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);

/** An answer as far as a load generator needs it: `body` is empty for a 201, whose document nobody reads here. */
export type RawAnswer = { readonly status: number; readonly body: string };

/**
 * What all connections read into: an answer is understood, or its beginning copied, before anything else is read. Without it each piece that comes takes
 * a buffer of its own and passes through a stream.
 */
const arrived = Buffer.allocUnsafe(64 * 1024);
const nothing = Buffer.alloc(0);
const lengthHeader = 'content-length: ';
const digitZero = 0x30;

/**
 * One keep-alive HTTP/1.1 connection, one request at a time. A load generator shares the two cores with what it measures, and this costs a
 * quarter of a full client's CPU at most. Understands `content-length` only, which is what our services send.
 */
export class RawConnection {
  private readonly socket: Socket;
  private beginning: Buffer = nothing;
  private waiting: { resolve: (answer: RawAnswer) => void; reject: (error: Error) => void } | undefined;

  constructor(host: string, port: number) {
    this.socket = connect({
      host,
      port,
      noDelay: true,
      onread: {
        buffer: arrived,
        callback: (length) => {
          this.take(arrived.subarray(0, length));
          return true;
        },
      },
    });
    const fail = (error?: Error): void => {
      this.waiting?.reject(error ?? new Error('the connection was closed'));
      this.waiting = undefined;
    };
    this.socket.on('error', fail);
    this.socket.on('close', () => fail());
  }

  /** A whole request; one at a time on each connection. */
  send(request: Uint8Array): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      // Closed while it was idle: a write would be swallowed.
      if (this.socket.destroyed) {
        reject(new Error('the connection was closed'));
        return;
      }
      this.waiting = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    const bytes = this.beginning.length === 0 ? chunk : Buffer.concat([this.beginning, chunk]);
    const end = bytes.indexOf('\r\n\r\n');
    const bodyAt = end + 4;
    const length = end < 0 ? 0 : lengthIn(bytes, end);
    if (end < 0 || bytes.length < bodyAt + length) {
      // A copy: the next piece, of whichever connection, is written over this one.
      this.beginning = Buffer.from(bytes);
      return;
    }
    this.beginning = nothing;
    const status = Number(bytes.toString('latin1', 9, 12));
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve({ status, body: status === 201 ? '' : bytes.toString('utf8', bodyAt, bodyAt + length) });
  }
}

const lengthIn = (bytes: Buffer, end: number): number => {
  const at = bytes.indexOf(lengthHeader);
  if (at < 0 || at > end) return 0;
  let length = 0;
  for (let place = at + lengthHeader.length; bytes[place] !== 0x0d; place += 1) length = length * 10 + (bytes[place] ?? digitZero) - digitZero;
  return length;
};
