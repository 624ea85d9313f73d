// Compiles the whole tree with swc into dist/ (same layout) and copies what the code reads at run time: SQL, proto and JSON files.
// swc and not tsc: 20 times faster to start a clean clone, and it rewrites the @orderlog/* aliases to relative paths, so that
// running needs no workspace links. Types are checked apart (`npm run check`).
import { copyFile, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

const root = fileURLToPath(new URL('../../', import.meta.url));
const out = join(root, 'dist');
const rooms = ['libs', 'services', 'tools'];
const { compilerOptions } = JSON.parse(await readFile(join(root, 'tsconfig.base.json'), 'utf8'));

/** Every file below a folder, but for node_modules, dist and test sources. */
async function* files(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!['node_modules', 'dist', 'coverage'].includes(entry.name)) yield* files(path);
    } else yield path;
  }
}

const isSpec = (path) => /\.(spec|e2e\.spec|int\.spec)\.ts$/.test(path);
const isNewer = async (source, target) => {
  const [a, b] = await Promise.all([stat(source), stat(target).catch(() => undefined)]);
  return b === undefined || a.mtimeMs > b.mtimeMs;
};

// Beside the code and not in it: V8 keeps the text of every module it has loaded, and the maps were five of the seven MB of dist/.
const mapOf = (target) => `${target}.map`;

const options = (path) => ({
  filename: path,
  swcrc: false,
  sourceMaps: true,
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    baseUrl: root,
    paths: compilerOptions.paths,
  },
  module: { type: 'es6', resolveFully: true },
});

/** Brings dist/ up to date; answers how many files it wrote. */
export async function build({ clean = false } = {}) {
  if (clean) await rm(out, { recursive: true, force: true });
  const kept = new Set();
  const jobs = [];
  for (const room of rooms) {
    for await (const path of files(join(root, room))) {
      const target = join(out, relative(root, path)).replace(/\.ts$/, '.js');
      if (isSpec(path) || path.endsWith('.d.ts')) continue;
      if (!/\.(ts|mjs|js|sql|proto|json|properties|csv|html|css)$/.test(path)) continue;
      kept.add(target);
      if (path.endsWith('.ts')) kept.add(mapOf(target));
      jobs.push([path, target]);
    }
  }
  let written = 0;
  const lane = async () => {
    for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) {
      const [path, target] = job;
      // By what is written last: a build that was broken off, or one that made no maps yet, is done again.
      if (!(await isNewer(path, path.endsWith('.ts') ? mapOf(target) : target))) continue;
      await mkdir(dirname(target), { recursive: true });
      if (path.endsWith('.ts')) {
        const { code, map } = await transform(await readFile(path, 'utf8'), options(path));
        await writeFile(target, `${code}//# sourceMappingURL=${basename(mapOf(target))}\n`);
        await writeFile(mapOf(target), map);
      } else await copyFile(path, target);
      written += 1;
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  // What has no source any more must not be importable either.
  for await (const path of files(out).return ? files(out) : []) {
    if (!kept.has(path) && path !== join(out, 'package.json')) await rm(path, { force: true });
  }
  await writeFile(join(out, 'package.json'), '{ "type": "module" }\n');
  return written;
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1].split('/').join(sep)) {
  const startedAt = performance.now();
  const written = await build({ clean: process.argv.includes('--clean') });
  console.log(`built ${written} files in ${Math.round(performance.now() - startedAt)} ms`);
}
