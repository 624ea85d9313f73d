/** A kind of problem: what `type`, `status` and `title` say about every one of its occurrences. */
export type ProblemKind = {
  /** Last part of `type`; never changes once it was released. */
  readonly slug: string;
  readonly status: number;
  readonly title: string;
};

/** One offending place of a request: a JSON pointer into the body, or `?name` for a query parameter, `:name` for a header. */
export type FieldError = { readonly pointer: string; readonly message: string };

/** What one occurrence adds to its kind. */
export type ProblemDetails = {
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** Further members of the document, such as the id of the order that is in the way. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
};

/** The problems every service can answer. A service adds its own beside its controllers. */
export const problems = {
  malformedJson: { slug: 'malformed-json', status: 400, title: 'The body is not valid JSON' },
  invalidQuery: { slug: 'invalid-query', status: 400, title: 'A query parameter is not valid' },
  invalidHeader: { slug: 'invalid-header', status: 400, title: 'A header is missing or not valid' },
  badRequest: { slug: 'bad-request', status: 400, title: 'The request is not valid' },
  unauthenticated: { slug: 'unauthenticated', status: 401, title: 'A valid API key is needed' },
  forbidden: { slug: 'forbidden', status: 403, title: 'This API key may not do this' },
  notFound: { slug: 'not-found', status: 404, title: 'There is nothing here' },
  timeout: { slug: 'request-timeout', status: 408, title: 'The request came too slowly' },
  versionConflict: { slug: 'version-conflict', status: 409, title: 'Others changed this at the same time' },
  streamParked: { slug: 'stream-parked', status: 409, title: 'This is parked until an operator has looked at it' },
  tooLarge: { slug: 'body-too-large', status: 413, title: 'The body is too large' },
  addressTooLong: { slug: 'address-too-long', status: 414, title: 'A part of the address is too long' },
  unsupportedMediaType: { slug: 'unsupported-media-type', status: 415, title: 'The body has to be application/json' },
  invalidRequest: { slug: 'invalid-request', status: 422, title: 'The body is not valid' },
  tooManyHeaders: { slug: 'headers-too-large', status: 431, title: 'The headers are too large' },
  unexpected: { slug: 'unexpected', status: 500, title: 'Something went wrong here' },
  overloaded: { slug: 'overloaded', status: 503, title: 'Too much work at the moment' },
  outcomeUnknown: { slug: 'outcome-unknown', status: 503, title: 'It is not known whether this was done' },
  unavailable: { slug: 'unavailable', status: 503, title: 'Not available at the moment' },
} as const satisfies Record<string, ProblemKind>;

/** The stable `type` of a kind: a URN, so that it names no host anybody would have to keep. */
export const problemType = (kind: ProblemKind): string => `urn:orderlog:problem:${kind.slug}`;

/** An answer that is a problem. Thrown by controllers and pipes; the filter turns it into RFC 9457 or a rich gRPC status. */
export class Problem extends Error {
  constructor(
    readonly kind: ProblemKind,
    readonly details: ProblemDetails = {},
  ) {
    super(details.detail ?? kind.title, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'Problem';
  }
}

/** The document of RFC 9457 for a problem. */
export const problemDocument = (problem: Problem, requestId: string): Record<string, unknown> => ({
  ...problem.details.extensions,
  type: problemType(problem.kind),
  title: problem.kind.title,
  status: problem.kind.status,
  ...(problem.details.detail === undefined ? {} : { detail: problem.details.detail }),
  instance: `urn:orderlog:request:${requestId}`,
  ...(problem.details.errors === undefined ? {} : { errors: problem.details.errors }),
});

/** What a refusal code of a decider means to a caller. One entry a code: a code without one is a compile error. */
export type RefusalTable<Code extends string> = Readonly<Record<Code, ProblemKind & { readonly detail?: string }>>;

/** The problem a refusal is answered with. */
export const refusalToProblem = <Code extends string>(
  refusal: { readonly refused: Code },
  table: RefusalTable<Code>,
  details: ProblemDetails = {},
): Problem => {
  const { detail, ...kind } = table[refusal.refused];
  return new Problem(kind, { ...(detail === undefined ? {} : { detail }), ...details });
};

/** The value, or a 404 that names what was looked for. */
export const found = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new Problem(problems.notFound, { detail: `${what} does not exist` });
  return value;
};
