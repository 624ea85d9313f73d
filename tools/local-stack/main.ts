import { renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fileError, StackError } from './stack-error.js';
import { startStack, type RunningStack } from './stack.js';

// Not --env-file: Node takes an option of that name for itself, even behind the script.
const { values } = parseArgs({ options: { data: { type: 'string', default: '.orderlog' }, 'write-env': { type: 'string' } } });

/** Shell syntax, to be sourced; readable by this user only, because the address holds the superuser's password. */
const writeEnvFile = (path: string, { databaseUrl, brokers }: RunningStack): void => {
  const fresh = `${path}.${process.pid}`;
  try {
    writeFileSync(fresh, `export DATABASE_URL='${databaseUrl}'\nexport KAFKA_BROKERS='${brokers}'\n`, { mode: 0o600 });
    renameSync(fresh, path);
  } catch (error) {
    throw fileError(error, path);
  }
};

const stopAsked = new Promise<'asked'>((resolve) => {
  // With both parts given there is nothing else that would keep this process.
  setInterval(() => undefined, 60_000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve('asked'));
});

const run = async (): Promise<void> => {
  const stack = await startStack({ dataDir: values.data, onProgress: ({ part, text }) => console.log(`${part}: ${text}`) });
  try {
    if (values['write-env'] !== undefined) writeEnvFile(values['write-env'], stack);
    console.log(`DATABASE_URL=${stack.databaseUrl}\nKAFKA_BROKERS=${stack.brokers}\nCtrl-C ends both.`);
    const end = await Promise.race([stopAsked, stack.broken]);
    if (end instanceof StackError) throw end;
  } finally {
    await stack.stop();
  }
};

try {
  await run();
  process.exit(0);
} catch (error) {
  if (!(error instanceof StackError)) throw error;
  console.error(error.message);
  process.exit(1);
}
