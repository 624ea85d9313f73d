// The one place where gRPC's form of an order becomes the form of the HTTP API. The transport spells every field: texts that were not given
// are empty, messages null, int64 a decimal text. What is empty counts as not given; a number stays, zero too.

/** Fields that are int64 in the contract. */
const amounts: ReadonlySet<string> = new Set([
  'amount',
  'discount',
  'tax',
  'total',
  'unitPrice',
  'grandTotal',
  'authorizedAmount',
  'capturedAmount',
  'delivery',
]);

const isText = (value: unknown): value is string => typeof value === 'string';

const amountOf = (text: string): number | string => {
  const value = Number(text);
  // Too large for a number: left as it came, so that the field's own rule refuses it.
  return Number.isSafeInteger(value) ? value : text;
};

const valueOf = (name: string, value: unknown, isTotals: boolean): unknown => {
  if (value === null || value === '') return undefined;
  if (isText(value)) return amounts.has(name) || (isTotals && name === 'lines') ? amountOf(value) : value;
  if (Array.isArray(value)) return value.length === 0 && name !== 'lines' ? undefined : value.map((entry: unknown) => valueOf(name, entry, false));
  if (typeof value !== 'object' || value === undefined) return value;
  if (name === 'metadata') return Object.keys(value).length === 0 ? undefined : value;
  return fieldsOf(value, name === 'totals');
};

const fieldsOf = (message: object, isTotals: boolean): Record<string, unknown> => {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(message)) {
    const kept = valueOf(name, value, isTotals);
    if (kept !== undefined) fields[name] = kept;
  }
  return fields;
};

/** The document of the HTTP API that an `OrderDocument` message says. */
export const documentOf = (message: object): Record<string, unknown> => fieldsOf(message, false);
