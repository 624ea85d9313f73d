import { HttpException } from '@nestjs/common';
import { isTransient, OutcomeUnknown, Overloaded, VersionConflict } from '@orderlog/event-log';
import { Problem, problems, type ProblemKind } from './problem.js';

/** A command met a parked stream: it waits for an operator (messaging throws it, the edge answers it). */
export class StreamParked extends Error {
  constructor(readonly streamId: string) {
    super(`${streamId} is parked`);
    this.name = 'StreamParked';
  }
}

const byStatus: Readonly<Record<number, ProblemKind>> = {
  400: problems.badRequest,
  401: problems.unauthenticated,
  403: problems.forbidden,
  404: problems.notFound,
  408: problems.timeout,
  413: problems.tooLarge,
  414: problems.addressTooLong,
  415: problems.unsupportedMediaType,
  422: problems.invalidRequest,
  431: problems.tooManyHeaders,
  503: problems.unavailable,
};

/** Errors of Fastify while it reads a request carry a status; their texts are about the library, so ours are used. */
const ofTransport = (error: Error & { statusCode?: unknown }): Problem | undefined => {
  if (typeof error.statusCode !== 'number' || error.statusCode >= 500) return undefined;
  return new Problem(byStatus[error.statusCode] ?? problems.badRequest, { cause: error });
};

const retryAfter = { 'retry-after': '1' };

/** The problem an error is answered with; undefined for a bug or an outage, whose text belongs in the log only. */
export const problemOf = (error: unknown): Problem | undefined => {
  if (error instanceof Problem) return error;
  if (error instanceof Overloaded) return new Problem(problems.overloaded, { headers: retryAfter, cause: error });
  if (error instanceof OutcomeUnknown) {
    return new Problem(problems.outcomeUnknown, { headers: retryAfter, detail: 'Repeat the request with the same idempotency key.', cause: error });
  }
  if (error instanceof VersionConflict) return new Problem(problems.versionConflict, { cause: error });
  // By name as well: the messaging library must not depend on the edge to say this.
  if (error instanceof StreamParked || (error instanceof Error && error.name === 'StreamParked')) return new Problem(problems.streamParked, { cause: error });
  if (error instanceof HttpException) {
    const kind = byStatus[error.getStatus()];
    return kind === undefined && error.getStatus() >= 500 ? undefined : new Problem(kind ?? problems.badRequest, { cause: error });
  }
  // The database is full, restarting or out of reach: a passing state, and no bug of ours.
  if (isTransient(error)) return new Problem(problems.unavailable, { headers: retryAfter, cause: error });
  return error instanceof Error ? ofTransport(error) : undefined;
};
