import { connect, type Socket } from 'node:net';

/** An answer as far as a load generator needs it. */
export type RawAnswer = { readonly status: number; readonly body: string };

/**
 * One keep-alive HTTP/1.1 connection, one request at a time. A load generator shares the two cores with what it measures, and this costs a
 * quarter of a full client's CPU. Understands `content-length` only, which is what our services send.
 */
export class RawConnection {
  private readonly socket: Socket;
  private buffer: Buffer = Buffer.alloc(0);
  private waiting: { resolve: (answer: RawAnswer) => void; reject: (error: Error) => void } | undefined;

  constructor(
    host: string,
    port: number,
    private readonly head: string,
  ) {
    this.socket = connect({ host, port, noDelay: true });
    this.socket.on('data', (chunk) => this.take(chunk));
    const fail = (error?: Error): void => {
      this.waiting?.reject(error ?? new Error('the connection was closed'));
      this.waiting = undefined;
    };
    this.socket.on('error', fail);
    this.socket.on('close', () => fail());
  }

  /** `head` + these headers + the body; one at a time on each connection. */
  send(line: string, headers: string, body: string): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      // Closed while it was idle: a write would be swallowed.
      if (this.socket.destroyed) {
        reject(new Error('the connection was closed'));
        return;
      }
      this.waiting = { resolve, reject };
      this.socket.write(`${line} HTTP/1.1\r\n${this.head}${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.buffer = this.buffer.length === 0 ? chunk : Buffer.concat([this.buffer, chunk]);
    const end = this.buffer.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.buffer.toString('latin1', 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.buffer.length < end + 4 + length) return;
    const body = this.buffer.toString('utf8', end + 4, end + 4 + length);
    this.buffer = this.buffer.subarray(end + 4 + length);
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), body });
  }
}
