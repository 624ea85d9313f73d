import { isISO31661Alpha2, isISO4217CurrencyCode, ValidateBy, ValidateNested } from 'class-validator';
import { describeField, type FieldSchema } from './field-schema.js';

/** What every field may say of itself. */
export type FieldOptions = { readonly optional?: true; readonly description?: string; readonly example?: unknown };

/** Answers what is wrong with a value, or undefined. */
type Rule = (value: unknown) => string | undefined;

/**
 * One rule a field: class-validator looks every decorator up on each request, so a field with five of them costs five times as much.
 * `null` never gets here, it means the same as an absent member.
 */
const field =
  (schema: FieldSchema, options: FieldOptions, rule: Rule): PropertyDecorator =>
  (target, key) => {
    const allows = (value: unknown): boolean => rule(value) === undefined;
    describeField(target, String(key), { ...schema, optional: options.optional === true, description: options.description, example: options.example, allows });
    ValidateBy({
      name: 'field',
      validator: {
        validate: (value) => (value === undefined ? options.optional === true : allows(value)),
        defaultMessage: (args) => (args?.value === undefined ? 'is missing' : (rule(args.value) ?? 'is not valid')),
      },
    })(target, String(key));
  };

// Control characters except line feed and tab; a lone surrogate or a NUL cannot be stored.
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** ES2024's `isWellFormed`, which the compiler's library does not know yet. */
const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

const textFault = (value: unknown, min: number, max: number): string | undefined => {
  if (typeof value !== 'string') return 'has to be a text';
  if (value.length > max) return `has to have at most ${max} characters`;
  if (value.length < min || (min > 0 && value.trim() === '')) return min <= 1 ? 'has to be a text that is not empty' : `has to have at least ${min} characters`;
  return unprintable.test(value) || !isWellFormed(value) ? 'has characters that cannot be printed' : undefined;
};

/** A text of 1 to `max` characters (or from `min`), without control characters. */
export const Text = (options: FieldOptions & { readonly max: number; readonly min?: number }): PropertyDecorator =>
  field({ type: 'string', minLength: options.min ?? 1, maxLength: options.max }, options, (value) => textFault(value, options.min ?? 1, options.max));

const matching = (pattern: RegExp, says: string, options: FieldOptions, schema: Partial<FieldSchema> = {}): PropertyDecorator =>
  field({ type: 'string', ...schema }, options, (value) => (typeof value === 'string' && pattern.test(value) ? undefined : says));

/** A text of this form; `says` completes "this field …". */
export const Matching = (options: FieldOptions & { readonly pattern: RegExp; readonly says: string }): PropertyDecorator =>
  matching(options.pattern, options.says, options, { pattern: options.pattern.source });

/** A stock keeping unit: 1 to 64 printable ASCII characters, without space and `@` (which parts SKU and center in stream ids). */
export const skuForm = /^[!-?A-~]{1,64}$/;
/** A SKU, see `skuForm`. */
export const Sku = (options: FieldOptions = {}): PropertyDecorator =>
  matching(skuForm, 'has to be 1 to 64 printable ASCII characters without space and @', options, { maxLength: 64 });

/** Ids that callers give to centers, workers, bins: letters, digits, `.`, `_`, `-`. */
export const idForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** An id, see `idForm`. */
export const Id = (options: FieldOptions = {}): PropertyDecorator =>
  matching(idForm, 'has to be 1 to 64 letters, digits, points, underscores or hyphens', options, { maxLength: 64 });

/** A whole number in bounds (2^53 − 1 at most). */
export const WholeNumber = (options: FieldOptions & { readonly min?: number; readonly max?: number } = {}): PropertyDecorator => {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  return field({ type: 'integer', minimum: min, maximum: max }, options, (value) =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max ? undefined : `has to be a whole number from ${min} to ${max}`,
  );
};

/** Money: a whole number of the currency's minor units, from 0 unless told. */
export const MinorUnits = (options: FieldOptions & { readonly min?: number } = {}): PropertyDecorator =>
  WholeNumber({ ...options, description: options.description ?? 'minor units of the currency' });

/** A number in bounds that may have a fraction: coordinates. */
export const NumberBetween = (options: FieldOptions & { readonly min: number; readonly max: number }): PropertyDecorator =>
  field({ type: 'number', minimum: options.min, maximum: options.max }, options, (value) =>
    typeof value === 'number' && value >= options.min && value <= options.max ? undefined : `has to be a number from ${options.min} to ${options.max}`,
  );

/** A decimal number as a text, such as a tax rate: "0.19". */
export const DecimalText = (options: FieldOptions = {}): PropertyDecorator =>
  matching(/^-?\d{1,12}(\.\d{1,9})?$/, 'has to be a decimal number in a text, such as "0.19"', options);

/** true or false. */
export const Truth = (options: FieldOptions = {}): PropertyDecorator =>
  field({ type: 'boolean' }, options, (value) => (typeof value === 'boolean' ? undefined : 'has to be true or false'));

/** One of these words. */
export const OneOf = (values: readonly string[], options: FieldOptions = {}): PropertyDecorator =>
  field({ type: 'string', enum: values }, options, (value) =>
    typeof value === 'string' && values.includes(value) ? undefined : `has to be one of ${values.join(', ')}`,
  );

/** ISO 4217, in capitals. */
export const Currency = (options: FieldOptions = {}): PropertyDecorator =>
  field({ type: 'string', minLength: 3, maxLength: 3 }, options, (value) =>
    typeof value === 'string' && /^[A-Z]{3}$/.test(value) && isISO4217CurrencyCode(value) ? undefined : 'has to be a currency code of ISO 4217, such as EUR',
  );

/** ISO 3166-1 alpha-2, in capitals. */
export const CountryCode = (options: FieldOptions = {}): PropertyDecorator =>
  field({ type: 'string', minLength: 2, maxLength: 2 }, options, (value) =>
    typeof value === 'string' && /^[A-Z]{2}$/.test(value) && isISO31661Alpha2(value) ? undefined : 'has to be a country code of ISO 3166-1, such as BR',
  );

const instantForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
// The year 0 is no year to PostgreSQL, and an offset can push a time over either end: one that was let in would stop every read model.
const timeMin = Date.parse('0001-01-01T00:00:00Z');
const timeMax = Date.parse('9999-12-31T23:59:59.999Z');
const isTime = (time: number): boolean => time >= timeMin && time <= timeMax;

const isDay = (text: string): boolean => {
  const time = Date.parse(`${text}T00:00:00Z`);
  return isTime(time) && new Date(time).toISOString().startsWith(text);
};

/** A time of RFC 3339 with an offset, in the years 1 to 9999. */
export const isInstant = (text: string): boolean => instantForm.test(text) && isDay(text.slice(0, 10)) && isTime(Date.parse(text));

/** RFC 3339 with an offset. */
export const Instant = (options: FieldOptions = {}): PropertyDecorator =>
  field({ type: 'string', format: 'date-time' }, options, (value) =>
    typeof value === 'string' && isInstant(value) ? undefined : 'has to be a time of RFC 3339, such as 2026-11-23T08:15:00Z',
  );

/** A calendar day: 2026-11-23. */
export const Day = (options: FieldOptions = {}): PropertyDecorator =>
  field({ type: 'string', format: 'date' }, options, (value) =>
    typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && isDay(value) ? undefined : 'has to be a day, such as 2026-11-23',
  );

/** A phone number of E.164. */
export const Phone = (options: FieldOptions = {}): PropertyDecorator => matching(/^\+[1-9]\d{6,14}$/, 'has to be a phone number of E.164, such as +5511987654321', options);

/** An e-mail address: one @, no spaces; whether it exists only a mail can tell. */
export const Email = (options: FieldOptions = {}): PropertyDecorator =>
  matching(/^(?=.{3,254}$)[^\s@\p{Cc}\p{Cs}]+@[^\s@\p{Cc}\p{Cs}]+$/u, 'has to be an e-mail address', options, { format: 'email', maxLength: 254 });

/** A language tag of BCP 47. */
export const Locale = (options: FieldOptions = {}): PropertyDecorator =>
  matching(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,6}$/, 'has to be a language tag, such as pt-BR', options);

/** A list of texts. */
export const TextList = (options: FieldOptions & { readonly max: number; readonly maxLength: number; readonly min?: number }): PropertyDecorator =>
  field({ type: 'array', items: 'string', maxItems: options.max }, options, (value) => {
    if (!Array.isArray(value)) return 'has to be a list';
    if (value.length > options.max || value.length < (options.min ?? 0)) return `has to have ${options.min ?? 0} to ${options.max} entries`;
    const wrong = value.findIndex((entry) => textFault(entry, 1, options.maxLength) !== undefined);
    return wrong < 0 ? undefined : `entry ${wrong} ${textFault(value[wrong], 1, options.maxLength) ?? ''}`;
  });

/** The caller's own remarks: a flat map of texts. The only field whose members are not known beforehand. */
export const TextMap = (options: FieldOptions & { readonly max: number; readonly maxLength?: number }): PropertyDecorator => {
  const { max, maxLength = 500 } = options;
  return field({ type: 'object' }, options, (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'has to be an object';
    const entries = Object.entries(value);
    if (entries.length > max) return `has to have at most ${max} members`;
    return entries.some(([key, entry]) => textFault(key, 1, 64) !== undefined || textFault(entry, 0, maxLength) !== undefined)
      ? `has to have texts of at most ${maxLength} characters as members`
      : undefined;
  });
};

/** A class with fields of its own. */
export type Shape = new () => object;

const objectFault = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'has to be an object';

/** An object of another request class. */
export const Nested = (shape: () => Shape, options: FieldOptions = {}): PropertyDecorator => (target, key) => {
  field({ type: 'object', shape }, options, objectFault)(target, key);
  ValidateNested()(target, String(key));
};

/** A list of objects of another request class; with `uniqueBy`, no two of them may have the same value there. */
export const NestedList = (
  shape: () => Shape,
  options: FieldOptions & { readonly max: number; readonly min?: number; readonly uniqueBy?: string },
): PropertyDecorator => (target, key) => {
  const { min = 0, max, uniqueBy } = options;
  field({ type: 'array', shape, minItems: min, maxItems: max }, options, (value) => {
    if (!Array.isArray(value)) return 'has to be a list';
    if (value.length < min || value.length > max) return `has to have ${min} to ${max} entries, not ${value.length}`;
    if (value.some((entry) => typeof entry !== 'object' || entry === null || Array.isArray(entry))) return 'has to be a list of objects';
    if (uniqueBy === undefined) return undefined;
    const given = value.map((entry: Record<string, unknown>) => entry[uniqueBy]).filter((entry) => entry !== undefined);
    return new Set(given).size === given.length ? undefined : `has two entries with the same ${uniqueBy}`;
  })(target, key);
  ValidateNested()(target, String(key));
};

const listFault = (value: unknown): string | undefined => (Array.isArray(value) ? undefined : 'has to be a list');

/** A list in an answer: what we say ourselves needs no bound; lists that come from outside are `NestedList`. */
export const ListOf = (shape: () => Shape, options: FieldOptions = {}): PropertyDecorator => (target, key) => {
  field({ type: 'array', shape }, options, listFault)(target, key);
  ValidateNested()(target, String(key));
};

/** An object in an answer whose members are described elsewhere. */
export const FreeForm = (options: FieldOptions = {}): PropertyDecorator =>
  field({ type: 'object' }, options, objectFault);
