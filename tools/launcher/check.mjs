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

/** Runs a tool under this Node; answers whether it ended well, and what it said. */
const tool = (file, ...args) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'node_modules', file), ...args], { cwd: root, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => resolve({ ok: false, output: error.message }));
    child.once('close', (code) => resolve({ ok: code === 0, output }));
  });

const canary = () =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['--test', '--test-reporter=tap', 'tools/boundaries/boundaries.test.mjs'], { cwd: root, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('close', (code) => resolve({ ok: code === 0, output: output.split('\n').filter((line) => /not ok|did not fire|error:/.test(line)).join('\n') }));
  });

const structure = () => {
  const faults = structureFaults(root);
  return { ok: faults.length === 0, output: faults.join('\n') };
};

/** The Nx rule is skipped with a mere warning when no project graph is cached, and judges by an old one: so it is made anew. */
const lint = async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'orderlog-graph-'));
  try {
    const graph = await tool('nx/dist/bin/nx.js', 'graph', `--file=${join(scratch, 'graph.json')}`);
    return graph.ok ? await tool('eslint/bin/eslint.js', '--max-warnings=0', 'libs', 'services', 'tools') : graph;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

const steps = [
  ['types', () => tool('typescript-native/bin/tsc', '-p', 'tsconfig.json', '--noEmit', '--pretty', 'false')],
  ['structure of the tree', structure],
  ['lint and import boundaries', lint],
  ['canary of the boundaries', canary],
];

/** Runs all of it, even after a failure; answers `{name, ok}` of each. */
export const check = async () => {
  const results = [];
  for (const [name, work] of steps) {
    const startedAt = performance.now();
    const { ok, output } = await work();
    if (!ok) console.log(output.trimEnd());
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
    results.push({ name, ok });
  }
  return results;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit((await check()).every(({ ok }) => ok) ? 0 : 1);
