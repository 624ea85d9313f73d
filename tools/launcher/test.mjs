// The whole suite: types, lint and import boundaries, then Jest on a real PostgreSQL and a real Kafka broker.
// Runs under the pinned Node (up.mjs starts it). Last line: `N passed, N failed`. A part that cannot run counts as failed.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'orderlog-test-'));
const asked = process.argv.slice(2);
const totals = { passed: 0, failed: 0 };

/** Runs a command to its end; answers its exit code. */
const run = (command, args, env = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    child.once('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.once('exit', (code, signal) => resolve(signal === null ? code : 1));
  });

const step = async (name, work) => {
  const startedAt = performance.now();
  console.log(`\n== ${name}`);
  await work();
  console.log(`== ${name}: ${Math.round((performance.now() - startedAt) / 1000)} s`);
};

const count = (ok, name) => {
  totals[ok ? 'passed' : 'failed'] += 1;
  console.log(`${ok ? 'passed' : 'FAILED'}: ${name}`);
};

/** One Jest run; every test counts, and a suite that could not run counts as a failure. */
const jest = async (name, args, env) => {
  const report = join(scratch, `${name}.json`);
  await run(
    process.execPath,
    ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', '--json', `--outputFile=${report}`, '--silent', ...args],
    { ...env, NODE_ENV: 'test' },
  );
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    totals.passed += result.numPassedTests;
    totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites + result.numPendingTests + result.numTodoTests;
    if (result.numTotalTests === 0) count(false, `${name}: no test ran`);
  } catch (error) {
    count(false, `${name}: no result (${error.message})`);
  }
};

let stack;
const end = async (code) => {
  await stack?.stop();
  rmSync(scratch, { recursive: true, force: true });
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  process.exit(code);
};
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end(1));

if (asked.length > 0) {
  // `npm test -- libs/event-log`: only these files, with the stack they may need.
  const { startStack } = await import(join(root, 'dist/tools/local-stack/stack.js'));
  stack = await startStack({ dataDir: join(scratch, 'stack') });
  await jest('asked', ['--runInBand', ...asked], { DATABASE_URL: stack.databaseUrl, KAFKA_BROKERS: stack.brokers });
} else {
  await step('types, lint, import boundaries', async () => {
    const { check } = await import('./check.mjs');
    for (const { name, ok } of await check()) count(ok, name);
  });
  await step('unit tests', () => jest('unit', ['--testPathIgnorePatterns', '\\.(int|e2e)\\.spec\\.ts$', '/node_modules/', '/dist/']));
  try {
    const { startStack } = await import(join(root, 'dist/tools/local-stack/stack.js'));
    await step('PostgreSQL and Kafka', async () => {
      stack = await startStack({ dataDir: join(scratch, 'stack'), onProgress: ({ text, total }) => total === undefined && console.log(text) });
    });
    const env = { DATABASE_URL: stack.databaseUrl, KAFKA_BROKERS: stack.brokers };
    await step('integration tests', () => jest('integration', ['--maxWorkers=2', '--testPathPatterns', '\\.int\\.spec\\.ts$'], env));
    await step('end-to-end tests', () => jest('e2e', ['--runInBand', '--testPathPatterns', '\\.e2e\\.spec\\.ts$'], env));
  } catch (error) {
    count(false, `PostgreSQL and Kafka: ${error.message}`);
  }
}
await end(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
