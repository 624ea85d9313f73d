import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import type { Logger } from '@orderlog/observability';
import type { FastifyReply } from 'fastify';
import { throwError, type Observable } from 'rxjs';
import { problemOf } from './problem-of.js';
import { Problem, problemDocument, problems } from './problem.js';
import { callOf, type EdgeRequest } from './request.js';
import { richStatus } from './rich-status.js';

/** Turns everything thrown into an RFC 9457 document or a rich gRPC status. What is not ours to tell stays in the log. */
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): Observable<never> | undefined {
    if (host.getType() === 'http') {
      this.answer(error, host.switchToHttp().getRequest<EdgeRequest>(), host.switchToHttp().getResponse<FastifyReply>());
      return undefined;
    }
    const metadata: unknown = host.switchToRpc().getContext();
    // A listener of facts: its consumer decides between a retry and parking, and needs the error itself.
    if (!(metadata instanceof Metadata)) return throwError(() => error);
    const requestId = callOf(metadata)?.requestId ?? randomUUID();
    return throwError(() => richStatus(this.problem(error, requestId), requestId));
  }

  /** Answers an error of an HTTP request; also for those that Fastify meets before any handler. */
  answer(error: unknown, request: EdgeRequest, reply: FastifyReply): void {
    if (reply.sent) return;
    const problem = this.problem(error, request.id);
    reply.raw.removeHeader('content-type');
    // Fastify ends the connection of a body it did not read to its end, which takes the answer from whoever is still sending.
    if (!request.raw.complete) {
      reply.removeHeader('connection');
      request.raw.resume();
    }
    void reply
      .code(problem.kind.status)
      .headers(problem.details.headers ?? {})
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send(JSON.stringify(problemDocument(problem, request.id)));
  }

  private problem(error: unknown, requestId: string): Problem {
    const problem = problemOf(error);
    if (problem === undefined) {
      this.log.error({ requestId, err: error }, 'a request failed');
      return new Problem(problems.unexpected, { detail: 'It was logged under the id of this request.' });
    }
    // Overload is counted by status, not told line by line: a thousand lines a second would be more of it.
    if (problem.kind.status >= 500 && problem.kind.slug !== problems.overloaded.slug) this.log.warn({ requestId, problem: problem.kind.slug, err: problem.details.cause }, 'a request could not be served');
    return problem;
  }
}
