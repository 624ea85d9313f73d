/**
 * A business "no": expected, typed, never retried. Anything thrown is a bug or an outage.
 * `detail` says it in words for the caller; `field` is a JSON pointer into the caller's input.
 */
export type Refusal<Code extends string> = {
  readonly refused: Code;
  readonly detail?: string;
  readonly field?: string;
};

/** Builds a refusal; `detail` and `field` are for the caller, never for control flow. */
export const refuse = <const Code extends string>(code: Code, detail?: string, field?: string): Refusal<Code> => ({
  refused: code,
  ...(detail === undefined ? {} : { detail }),
  ...(field === undefined ? {} : { field }),
});

/** Tells a refusal from a list of events or any other outcome. */
export const isRefusal = <T extends object, Code extends string>(outcome: T | Refusal<Code>): outcome is Refusal<Code> =>
  'refused' in outcome;
