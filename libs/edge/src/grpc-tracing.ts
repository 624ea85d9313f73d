import { ServerInterceptingCall, ServerListenerBuilder, status, ResponderBuilder, type Metadata, type ServerInterceptor } from '@grpc/grpc-js';
import { beginWork, endWork, within, type Traced } from '@orderlog/observability';

const works = new WeakMap<Metadata, Traced>();

const incoming = (metadata: Metadata): string | undefined => {
  const [value] = metadata.get('traceparent');
  return typeof value === 'string' ? value : undefined;
};

/** The work a call belongs to; begun here when nothing records traces. */
export const workOf = (metadata: Metadata): Traced => works.get(metadata) ?? beginWork('grpc', 'internal', incoming(metadata));

/** One span a sampled call, from its metadata to its status. Installed only where traces go somewhere. */
export const traceCalls: ServerInterceptor = (method, call) => {
  let work: Traced | undefined;
  return new ServerInterceptingCall(
    call,
    new ResponderBuilder()
      .withStart((next) => {
        next(
          new ServerListenerBuilder()
            .withOnReceiveMetadata((metadata, hand) => {
              work = beginWork(method.path, 'server', incoming(metadata));
              works.set(metadata, work);
              hand(metadata);
            })
            .withOnReceiveHalfClose((hand) => {
              if (work === undefined) hand();
              else within(work, hand);
            })
            .build(),
        );
      })
      .withSendStatus((answer, next) => {
        if (work !== undefined) endWork(work, answer.code === status.OK ? undefined : new Error(status[answer.code]));
        next(answer);
      })
      .build(),
  );
};
