import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { problemType, type Problem } from './problem.js';

/** The gRPC code that says the same as an HTTP status. */
export const grpcCodeOf = (problem: Problem): status => {
  switch (problem.kind.status) {
    case 401:
      return status.UNAUTHENTICATED;
    case 403:
      return status.PERMISSION_DENIED;
    case 404:
      return status.NOT_FOUND;
    case 408:
      return status.DEADLINE_EXCEEDED;
    case 409:
      return problem.kind.slug === 'version-conflict' ? status.ABORTED : status.FAILED_PRECONDITION;
    case 503:
      return status.UNAVAILABLE;
    default:
      return problem.kind.status >= 500 ? status.INTERNAL : status.INVALID_ARGUMENT;
  }
};

const inside = (writer: BinaryWriter, field: number, write: () => void): void => {
  writer.tag(field, 2).fork();
  write();
  writer.join();
};

const any = (writer: BinaryWriter, type: string, message: Uint8Array): void =>
  inside(writer, 3, () => {
    writer.tag(1, 2).string(`type.googleapis.com/${type}`);
    writer.tag(2, 2).bytes(message);
  });

/** google.rpc.BadRequest: field_violations = 1 { field = 1, description = 2 }. */
const badRequest = (errors: readonly { readonly pointer: string; readonly message: string }[]): Uint8Array => {
  const writer = new BinaryWriter();
  for (const { pointer, message } of errors) {
    inside(writer, 1, () => {
      writer.tag(1, 2).string(pointer);
      writer.tag(2, 2).string(message);
    });
  }
  return writer.finish();
};

/** google.rpc.ErrorInfo: reason = 1, domain = 2, metadata = 3. */
const errorInfo = (problem: Problem, requestId: string): Uint8Array => {
  const writer = new BinaryWriter();
  writer.tag(1, 2).string(problem.kind.slug.toUpperCase().replaceAll('-', '_'));
  writer.tag(2, 2).string('orderlog');
  const metadata = { type: problemType(problem.kind), requestId, ...problem.details.extensions };
  for (const [key, value] of Object.entries(metadata)) {
    inside(writer, 3, () => {
      writer.tag(1, 2).string(key);
      writer.tag(2, 2).string(typeof value === 'string' ? value : JSON.stringify(value));
    });
  }
  return writer.finish();
};

/**
 * A problem as gRPC says it: code, text and `google.rpc.Status` in the trailer `grpc-status-details-bin`. The three messages are
 * written field by field: they are frozen for ever, and their generated code would be the only use of another contract package.
 */
export const richStatus = (problem: Problem, requestId: string): StatusObject => {
  const code = grpcCodeOf(problem);
  const details = problem.details.detail ?? problem.kind.title;
  const writer = new BinaryWriter();
  writer.tag(1, 0).int32(code);
  writer.tag(2, 2).string(details);
  any(writer, 'google.rpc.ErrorInfo', errorInfo(problem, requestId));
  if (problem.details.errors !== undefined) any(writer, 'google.rpc.BadRequest', badRequest(problem.details.errors));
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(writer.finish()));
  return { code, details, metadata };
};
