import type { Socket } from 'node:net';
import { problems, problemType, type ProblemKind } from './problem.js';

const kinds: Readonly<Record<string, ProblemKind>> = {
  HPE_HEADER_OVERFLOW: problems.tooManyHeaders,
  ERR_HTTP_REQUEST_TIMEOUT: problems.timeout,
};

/** Answers what came over a connection and is no request: nothing has been routed yet, so the answer is written by hand. */
export const answerClientError = (error: Error & { readonly code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const kind = kinds[error.code ?? ''] ?? problems.badRequest;
  const body = JSON.stringify({ type: problemType(kind), title: kind.title, status: kind.status });
  const head = ['content-type: application/problem+json; charset=utf-8', `content-length: ${Buffer.byteLength(body)}`, 'connection: close'];
  socket.end(`HTTP/1.1 ${kind.status} ${kind.title}\r\n${head.join('\r\n')}\r\n\r\n${body}`);
};
