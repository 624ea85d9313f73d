/** What a field says of itself: enough to build the object, to read it from a query, and to document it. */
export type FieldSchema = {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array';
  readonly shape?: () => new () => object;
  readonly items?: 'string';
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
};

/** A field as it was declared. */
export type DeclaredField = FieldSchema & {
  readonly optional: boolean;
  readonly description?: string | undefined;
  readonly example?: unknown;
  /** Its one rule, for a value that is there. */
  readonly allows: (value: unknown) => boolean;
};

const declared = new Map<object, Map<string, DeclaredField>>();
const complete = new Map<object, ReadonlyMap<string, DeclaredField>>();

/** Called by the field decorators. */
export const describeField = (prototype: object, name: string, field: DeclaredField): void => {
  const fields = declared.get(prototype) ?? new Map<string, DeclaredField>();
  declared.set(prototype, fields.set(name, field));
};

/** The fields of a request class, with those it inherits. */
export const fieldsOf = (shape: new () => object): ReadonlyMap<string, DeclaredField> => {
  const before = complete.get(shape);
  if (before !== undefined) return before;
  const fields = new Map<string, DeclaredField>();
  for (let prototype: object | null = shape.prototype; prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    for (const [name, field] of declared.get(prototype) ?? []) if (!fields.has(name)) fields.set(name, field);
  }
  complete.set(shape, fields);
  return fields;
};

const required = new Map<object, number>();

/** How many fields of a request class may not be absent. */
export const requiredOf = (shape: new () => object): number => {
  const before = required.get(shape);
  if (before !== undefined) return before;
  const count = [...fieldsOf(shape).values()].filter(({ optional }) => !optional).length;
  required.set(shape, count);
  return count;
};

/** Every request class that was declared with fields. */
export const declaredShapes = (): readonly object[] => [...declared.keys()];
