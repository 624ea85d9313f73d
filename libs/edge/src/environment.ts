/** Everything that is wrong with the environment, in one message. */
export class EnvironmentError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`the environment is not right:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'EnvironmentError';
  }
}

/** A source of variables, as `process.env` is one. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads variables and collects what is wrong with them, so that one start shows all faults. A reader given a `fallback` is optional;
 * after a fault it answers a value of the right type that nobody will see, because `done` throws.
 */
export type Environment = {
  readonly text: (name: string, fallback?: string) => string;
  readonly url: (name: string, fallback?: string) => string;
  readonly whole: (name: string, bounds: { readonly min: number; readonly max: number }, fallback?: number) => number;
  readonly port: (name: string, fallback?: number) => number;
  readonly oneOf: <T extends string>(name: string, values: readonly T[], fallback?: T) => T;
  /** JSON, checked by `read`, which throws what is wrong with it. */
  readonly json: <T>(name: string, read: (value: unknown) => T, fallback?: T) => T;
  /** Comma-separated. */
  readonly list: (name: string, fallback?: readonly string[]) => readonly string[];
  /** Throws `EnvironmentError` when anything was wrong. */
  readonly done: () => void;
};

/** Reads from these variables. */
export const environment = (variables: Variables): Environment => {
  const faults: string[] = [];
  const fault = <T>(message: string, value: T): T => {
    faults.push(message);
    return value;
  };
  const given = (name: string): string | undefined => {
    const value = variables[name];
    return value === undefined || value === '' ? undefined : value;
  };
  const read = <T>(name: string, fallback: T | undefined, empty: T, parse: (value: string) => T | undefined, wanted: string): T => {
    const value = given(name);
    if (value === undefined) return fallback ?? fault(`${name} is missing (${wanted})`, empty);
    return parse(value) ?? fault(`${name} is not ${wanted}`, empty);
  };
  const whole: Environment['whole'] = (name, { min, max }, fallback) =>
    read(
      name,
      fallback,
      min,
      (value) => (/^-?\d+$/.test(value) && Number(value) >= min && Number(value) <= max ? Number(value) : undefined),
      `a whole number from ${min} to ${max}`,
    );
  return {
    text: (name, fallback) => read(name, fallback, '', (value) => value, 'a text'),
    url: (name, fallback) => read(name, fallback, '', (value) => (URL.canParse(value) ? value : undefined), 'a URL'),
    whole,
    port: (name, fallback) => whole(name, { min: 0, max: 65_535 }, fallback),
    oneOf: (name, values, fallback) => {
      const [first] = values;
      if (first === undefined) throw new RangeError(`${name} has no values to choose from`);
      return read(name, fallback, first, (value) => values.find((one) => one === value), `one of ${values.join(', ')}`);
    },
    json: <T>(name: string, parse: (value: unknown) => T, fallback?: T): T => {
      const value = given(name);
      if (value === undefined) return fallback ?? fault(`${name} is missing (JSON)`, undefined as T);
      try {
        return parse(JSON.parse(value));
      } catch (error) {
        // The value may hold a credential: only what is wrong with it is said.
        return fault(`${name} is not right: ${error instanceof SyntaxError ? 'it is not JSON' : error instanceof Error ? error.message : 'unreadable'}`, undefined as T);
      }
    },
    list: (name, fallback) => read(name, fallback, [], (value) => value.split(',').map((part) => part.trim()).filter((part) => part !== ''), 'a comma-separated list'),
    done: () => {
      if (faults.length > 0) throw new EnvironmentError(faults);
    },
  };
};
