import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata, status, type Client, type sendUnaryData, type Server, type ServerUnaryCall, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ServiceName } from '@orderlog/contracts';
import type { EventLog } from '@orderlog/event-log';
import { createHash, timingSafeEqual } from 'node:crypto';
import { encodeEvent, type WireRecord } from './cloud-events.js';

/** The log of a service as its consumers may read it: gap fill, tail check, rebuild. */
export interface ProducerLog {
  /** Rows of a shard after a sequence number, in order; at most 500. */
  read(shard: number, after: number, limit: number): Promise<{ readonly logId: string; readonly records: readonly WireRecord[] }>;
  /** The newest sequence number of every shard. */
  heads(): Promise<{ readonly logId: string; readonly heads: ReadonlyMap<number, number> }>;
}

/** Log readers by service, over gRPC. */
export type LogReaderClient = { readonly producers: Readonly<Partial<Record<ServiceName, ProducerLog>>>; close(): void };

/** Most rows of one answer. */
const rowsMax = 500;
const deadlineMs = 5000;

/** A log of the same process, read without a network. */
export const localLogReader = (log: EventLog): ProducerLog => ({
  async read(shard, after, limit) {
    const rows = await log.readShard(shard, after, Math.min(limit, rowsMax));
    return { logId: log.logId, records: rows.map((event) => encodeEvent(log.service as ServiceName, event)) };
  },
  async heads() {
    const heads = await log.heads();
    return { logId: log.logId, heads: new Map(heads.map(({ shard, seq }) => [shard, seq])) };
  },
});

type ReadRequest = { readonly shard: number; readonly after: string; readonly limit: number };
type ReadResponse = { readonly logId: string; readonly records: readonly WireRecord[] };
type HeadsResponse = { readonly logId: string; readonly heads: readonly { readonly shard: number; readonly seq: string }[] };

const protoFolder = fileURLToPath(new URL('../../contracts/proto', import.meta.url));

const service = (): ServiceClientConstructor => {
  const definition = loadSync('orderlog/log/v1/log.proto', { includeDirs: [protoFolder], longs: String, defaults: true });
  const { orderlog } = loadPackageDefinition(definition) as unknown as { orderlog: { log: { v1: { EventLog: ServiceClientConstructor } } } };
  return orderlog.log.v1.EventLog;
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares digests, so that neither length nor content of the credential shows in the time it takes. */
const mayCall = (metadata: Metadata, expected: Buffer): boolean => timingSafeEqual(digest(String(metadata.get('authorization')[0] ?? '')), expected);

/** Adds `orderlog.log.v1.EventLog` to a gRPC server; callers need `authorization: Bearer <token>`. */
export const addLogReader = (server: Pick<Server, 'addService'>, log: EventLog, token: string): void => {
  const expected = digest(`Bearer ${token}`);
  const local = localLogReader(log);
  const answer =
    <Request, Response>(work: (request: Request) => Promise<Response>) =>
    ({ metadata, request }: ServerUnaryCall<Request, Response>, done: sendUnaryData<Response>): void => {
      if (!mayCall(metadata, expected)) {
        done({ code: status.UNAUTHENTICATED, details: 'a service credential is needed' });
        return;
      }
      work(request).then(
        (response) => done(null, response),
        // The cause stays here: it may name tables and hosts.
        () => done({ code: status.UNAVAILABLE, details: 'the log cannot be read now' }),
      );
    };
  server.addService(service().service, {
    Read: answer(async ({ shard, after, limit }: ReadRequest): Promise<ReadResponse> => local.read(shard, Number(after), limit)),
    Heads: answer(async (): Promise<HeadsResponse> => {
      const { logId, heads } = await local.heads();
      return { logId, heads: [...heads].map(([shard, seq]) => ({ shard, seq: String(seq) })) };
    }),
  });
};

type Unary = (request: object, metadata: Metadata, options: { deadline: number }, done: (error: Error | null, response: unknown) => void) => void;

const remoteLog = (client: Client, token: string): ProducerLog => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const call = <Response>(method: 'Read' | 'Heads', request: object): Promise<Response> =>
    new Promise((resolve, reject) => {
      const unary = (client as unknown as Record<string, Unary>)[method]?.bind(client);
      unary?.(request, metadata, { deadline: Date.now() + deadlineMs }, (error, response) => (error === null ? resolve(response as Response) : reject(error)));
    });
  return {
    read: (shard, after, limit) => call<ReadResponse>('Read', { shard, after: String(after), limit }),
    async heads() {
      const { logId, heads } = await call<HeadsResponse>('Heads', {});
      return { logId, heads: new Map(heads.map(({ shard, seq }) => [shard, Number(seq)])) };
    },
  };
};

/** Clients of the producers' log readers, `{service: 'host:port'}`. */
export const logReaderClient = (addresses: Readonly<Partial<Record<ServiceName, string>>>, token: string): LogReaderClient => {
  const EventLogClient = service();
  const clients = Object.entries(addresses).map(
    ([name, address]) =>
      [
        name,
        // A full answer is 500 rows; an event may be large (an order of 500 lines).
        new EventLogClient(address, credentials.createInsecure(), { 'grpc.max_receive_message_length': 64 * 1024 * 1024 }),
      ] as const,
  );
  return {
    producers: Object.fromEntries(clients.map(([name, client]) => [name, remoteLog(client, token)])),
    close: () => clients.forEach(([, client]) => client.close()),
  };
};
