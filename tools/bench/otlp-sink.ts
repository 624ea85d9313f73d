import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A collector of traces that throws them away and counts what came. */
export type OtlpSink = { readonly url: string; readonly bytes: () => number; stop(): Promise<void> };

/** Listens on a free port for OTLP over HTTP: the exporter's work is measured, a collector's is not ours. */
export const startOtlpSink = async (): Promise<OtlpSink> => {
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    bytes: () => bytes,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
