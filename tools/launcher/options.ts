import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { StackError } from '../local-stack/stack-error.js';

/** What `npm start -- --help` prints. */
export const usage = `npm start -- [options]
  --orders N   how many orders the demo drives through their whole life (default 200; 0 = none)
  --exit       stop when they have ended; exit code 0 only if each ended as its scenario says and verify found nothing
  --data DIR   where everything is kept (default .orderlog)
  --reset      begin with nothing stored
  --port N     the public port (default: a free one, the same again at the next start)

Environment
  DATABASE_URL, KAFKA_BROKERS   a PostgreSQL and a Kafka of your own; nothing is started in their place
  KAFKA_CLIENT                  kafkajs (default) or platformatic: the library the services speak to Kafka with
  TOPIC_PREFIX                  put before the name of every topic, for a Kafka that others use too
  SERVICE_DATABASE_PASSWORD     of the services' database roles, for a PostgreSQL that other Orderlogs use too
  SMTP_URL                      a mail server; without it letters are kept as files in DIR/letters`;

/** What somebody asked of `npm start`. */
export type StartOptions = {
  readonly orders: number;
  readonly exit: boolean;
  readonly data: string;
  readonly reset: boolean;
  readonly port: number | undefined;
  readonly help: boolean;
};

const ordersMax = 1_000_000;
const portMax = 65_535;
const remedy = 'see npm start -- --help';

const wholeNumber = (name: string, text: string, min: number, max: number): number => {
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < min || value > max) throw new StackError(`--${name} "${text}" is not a whole number from ${min} to ${max}`, remedy);
  return value;
};

/** Reads the arguments; throws a StackError, one line, for what is not understood. */
export const readOptions = (args: readonly string[]): StartOptions => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        orders: { type: 'string', default: '200' },
        exit: { type: 'boolean', default: false },
        data: { type: 'string', default: '.orderlog' },
        reset: { type: 'boolean', default: false },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.data.trim() === '') throw new StackError('--data names no folder', remedy);
    return {
      ...values,
      orders: wholeNumber('orders', values.orders, 0, ordersMax),
      data: resolve(values.data),
      port: values.port === undefined ? undefined : wholeNumber('port', values.port, 1, portMax),
    };
  } catch (error) {
    if (error instanceof StackError) throw error;
    // Node's explanation goes over several lines; the first sentence says what is wrong.
    const [cause = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    throw new StackError(cause.replace(/\.$/, ''), remedy, { cause: error });
  }
};
