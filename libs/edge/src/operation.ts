/** What a handler says of itself in the OpenAPI document. */
export type OperationText = {
  readonly summary: string;
  readonly description?: string;
  /** Status → what it means, and the class of its body where that is described. */
  readonly answers?: Readonly<Record<number, string | DescribedAnswer>>;
};

/** An answer with the class of its body, whose fields are declared like a request's. */
export type DescribedAnswer = { readonly says: string; readonly body: new () => object };

/** Where the document's maker finds what a handler said. */
export const operationKey = 'orderlog:operation';

/**
 * Describes a handler. Kept apart from `@nestjs/swagger`, which is loaded only when somebody asks for the document: it takes 17 MB
 * in each of five processes.
 */
export const Operation =
  (text: OperationText): MethodDecorator =>
  (_target, _key, descriptor) => {
    if (typeof descriptor.value === 'function') Reflect.defineMetadata(operationKey, text, descriptor.value);
  };
