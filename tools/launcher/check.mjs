// `npm run check`: types, structure, lint, and the canary that proves the lint. One line each; exit code 1 when one fails.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { structureFaults } from '../boundaries/structure.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
// NX_DAEMON: nothing may stay behind; CI: no questions and no progress on the screen.
const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', CI: 'true', FORCE_COLOR: '0' };

/** Runs this Node; answers whether it ended well, and what it said. */
const node = (args, signal) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, env, signal });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => resolve({ ok: false, output: error.message }));
    child.once('close', (code) => resolve({ ok: code === 0, output }));
  });

const tool = (signal, file, ...args) => node([join(root, 'node_modules', file), ...args], signal);

const canary = async (signal) => {
  const { ok, output } = await node(['--test', '--test-reporter=tap', 'tools/boundaries/boundaries.test.mjs'], signal);
  return { ok, output: output.split('\n').filter((line) => /not ok|did not fire|error:/.test(line)).join('\n') };
};

const structure = () => {
  const faults = structureFaults(root);
  return { ok: faults.length === 0, output: faults.join('\n') };
};

/** The Nx rule is skipped with a mere warning when no project graph is cached, and judges by an old one: so it is made anew. */
const lint = async (signal) => {
  const scratch = mkdtempSync(join(tmpdir(), 'orderlog-graph-'));
  try {
    const graph = await tool(signal, 'nx/dist/bin/nx.js', 'graph', `--file=${join(scratch, 'graph.json')}`);
    return graph.ok ? await tool(signal, 'eslint/bin/eslint.js', '--max-warnings=0', 'libs', 'services', 'tools') : graph;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

const steps = [
  ['types', (signal) => tool(signal, 'typescript-native/bin/tsc', '-p', 'tsconfig.json', '--noEmit', '--pretty', 'false')],
  ['structure of the tree', structure],
  ['lint and import boundaries', lint],
  ['canary of the boundaries', canary],
];

/** Runs all of it, even after a failure, until the signal; answers `{name, ok}` of each. */
export const check = async (signal) => {
  const results = [];
  for (const [name, work] of steps) {
    const startedAt = performance.now();
    const { ok, output } = await work(signal);
    if (signal?.aborted) break;
    if (!ok) console.log(output.trimEnd());
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
    results.push({ name, ok });
  }
  return results;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit((await check()).every(({ ok }) => ok) ? 0 : 1);
