// The whole suite: types, lint and import boundaries, then Jest on a real PostgreSQL and a real Kafka broker.
// Runs under the pinned Node (up.mjs starts it). Last line: `N passed, N failed`, also after Ctrl-C. A part that cannot run counts as failed.
// With TESTCONTAINERS=1 both run in containers instead (a Docker engine is needed then).
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'orderlog-test-'));
const asked = process.argv.slice(2);
const totals = { passed: 0, failed: 0 };
/** Somebody wants it to end: what runs is stopped, nothing new begins, and nothing is counted any more. */
const interrupted = new AbortController();
const never = new Promise(() => undefined);
let running = Promise.resolve();

/** Runs a command to its end; after an interruption it never answers, so that nothing follows. */
const run = async (command, args, env = {}) => {
  if (interrupted.signal.aborted) return never;
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env }, signal: interrupted.signal });
  running = new Promise((resolve) => {
    child.once('error', (error) => {
      if (!interrupted.signal.aborted) console.error(error.message);
      if (child.pid === undefined) resolve();
    });
    child.once('exit', resolve);
  });
  await running;
  return interrupted.signal.aborted ? never : undefined;
};

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

const stackFolder = join(scratch, 'stack');
const stackTool = () => import(join(root, 'dist/tools/local-stack/stack.js'));
let stack;
/** PostgreSQL and Kafka: processes of this machine, or containers. */
const start = async (onProgress) => {
  const inContainers = (process.env.TESTCONTAINERS ?? '') !== '' && process.env.TESTCONTAINERS !== '0';
  if (inContainers) {
    const { startContainers } = await import('./containers.mjs');
    stack = startContainers();
  } else {
    const { startStack } = await stackTool();
    stack = startStack({ dataDir: stackFolder, ...(onProgress === undefined ? {} : { onProgress }) });
  }
  const { databaseUrl, brokers } = await stack;
  return interrupted.signal.aborted ? never : { DATABASE_URL: databaseUrl, KAFKA_BROKERS: brokers };
};

let ending = false;
const end = async (code) => {
  if (ending) return;
  ending = true;
  await running;
  // A stack that did not start said so already. One that is still starting is waited for a little; after that its guard ends it.
  const stopped = stack?.then(
    (started) => started.stop(),
    () => undefined,
  );
  await (interrupted.signal.aborted ? Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 15_000))]) : stopped);
  if (existsSync(stackFolder)) {
    // Its database may lie outside (postgres-home.ts); one that is still ending goes with its guard, and only its files stay.
    const { removeStack } = await stackTool();
    await removeStack(stackFolder).catch((error) => console.error(error.message));
  }
  rmSync(scratch, { recursive: true, force: true });
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  process.exit(code);
};
// Not `once`: on Ctrl-C the terminal, npm and up.mjs each tell it, and the second signal would kill it before its last line.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted.abort();
    void end(128 + constants.signals[signal]);
  });
}

if (asked.length > 0) {
  // `npm test -- libs/event-log`: only these files, with the stack they may need.
  await jest('asked', ['--runInBand', ...asked], await start());
} else {
  await step('types, lint, import boundaries', async () => {
    const { check } = await import('./check.mjs');
    const results = await check(interrupted.signal);
    if (interrupted.signal.aborted) await never;
    for (const { name, ok } of results) count(ok, name);
  });
  await step('unit tests', () => jest('unit', ['--testPathIgnorePatterns', '\\.(int|e2e)\\.spec\\.ts$', '/node_modules/', '/dist/']));
  try {
    let env = {};
    await step('PostgreSQL and Kafka', async () => {
      env = await start(({ text, total }) => total === undefined && console.log(text));
    });
    await step('integration tests', () => jest('integration', ['--maxWorkers=2', '--testPathPatterns', '\\.int\\.spec\\.ts$'], env));
    await step('end-to-end tests', () => jest('e2e', ['--runInBand', '--testPathPatterns', '\\.e2e\\.spec\\.ts$'], env));
  } catch (error) {
    count(false, `PostgreSQL and Kafka: ${error.message}`);
  }
}
await end(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
