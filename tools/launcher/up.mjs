// The door of every npm script: `node tools/launcher/up.mjs <start|test|bench|cli|check|faults> [arguments]`, from any folder.
// Runs on Node 20 with nothing installed: installs from the lock file, builds, then runs the command under the pinned Node 24.
// One process and not a chain of commands in package.json, because a shell remembers where it found `node` and would go on with the old one.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.orderlog-lock');

/** What each command runs; `inRoot` ones work on the checkout, the others on files of whoever calls. */
const commands = {
  start: { file: 'dist/tools/launcher/start.js' },
  bench: { file: 'dist/tools/bench/main.js' },
  cli: { file: 'dist/tools/cli/main.js' },
  faults: { file: 'dist/tools/faults/main.js' },
  test: { file: 'tools/launcher/test.mjs', inRoot: true },
  check: { file: 'tools/launcher/check.mjs', inRoot: true },
};

const fail = (reason, remedy) => {
  console.error(`orderlog: ${reason} -> ${remedy}`);
  process.exit(1);
};

const lockHash = () => createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');

/** By content where we installed, by time where somebody else did: a checkout that only touches the lock file installs nothing. */
const isInstalled = () => {
  const installed = join(modules, '.package-lock.json'); // npm writes it last
  if (!existsSync(installed)) return false;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash()) return true;
  return statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
};

/** A line that counts seconds, on a terminal; elsewhere it is said once. */
const showWaiting = (text) => {
  const startedAt = Date.now();
  if (!process.stderr.isTTY) {
    console.error(text);
    return () => undefined;
  }
  const draw = () => process.stderr.write(`\r${text} ${Math.round((Date.now() - startedAt) / 1000)} s`);
  draw();
  const timer = setInterval(draw, 1000);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\x1b[K');
  };
};

const endOf = (child) =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 127, error }));
    child.once('close', (code, signal) => resolve({ code: code ?? 128 + constants.signals[signal], signal }));
  });

/** The lines of npm's complaint that say something: not its codes, paths and advice. */
const npmReason = (output) => {
  const lines = output.split('\n').filter((line) => /^npm (error|ERR!)/.test(line)).map((line) => line.replace(/^npm (error|ERR!)\s*/, ''));
  return lines.filter((line) => line !== '' && !/^(A complete log|code |path |syscall |errno )/.test(line)).slice(0, 2).join(' ').slice(0, 300);
};

const install = async () => {
  const packages = Object.keys(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages).length;
  const done = showWaiting(`installing ${packages} packages from package-lock.json (once, about a minute) …`);
  // The optional ones hold Node 24 and native binaries, the others the tools that build and test: all are needed, whatever NODE_ENV says.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const child = spawn('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const { code, error } = await endOf(child);
  done();
  if (error !== undefined) fail(`npm cannot be started (${error.message})`, 'install npm, which comes with Node');
  if (code !== 0) fail(`npm ci failed: ${npmReason(output) || `exit code ${code}`}`, 'check the network and the disk; run "npm ci" to see everything');
  writeFileSync(stamp, lockHash());
};

const isNewEnough = (version) => {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 9);
};

/** The pinned Node 24 from npm where there is one for this platform, else the one that runs this, if it is new enough. */
const findNode = () => {
  const pinned = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(pinned) && spawnSync(pinned, ['--version']).status === 0) return pinned;
  if (isNewEnough(process.version)) return process.execPath;
  return fail(`Node ${process.version} is too old, and there is no packaged Node 24 for ${process.platform} ${process.arch}`, 'install Node 24.9 or newer and use that');
};

const build = (node, env) => {
  const { status, stdout, stderr } = spawnSync(node, [join(root, 'tools', 'build', 'build.mjs')], { cwd: root, env, encoding: 'utf8' });
  if (status === 0) return;
  process.stderr.write(`${stdout}${stderr}`);
  fail('the build failed', 'see above');
};

/**
 * Calls back when npm, which started us, is gone: kill -9 of what somebody started with `npm start` is kill -9 of npm, and npm
 * cannot tell us. Looks only where /proc shows who npm is.
 */
const onNpmGone = (callback) => {
  if (process.env.npm_lifecycle_event === undefined || process.platform !== 'linux') return;
  const isNpm = (pid) => existsSync(`/proc/${pid}/cmdline`) && /^npm\b|npm-cli\.js/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
  const parentOf = (pid) => Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
  // npm, or the shell that it started us with.
  const npm = [process.ppid, parentOf(process.ppid)].find(isNpm);
  if (npm === undefined) return;
  const timer = setInterval(() => {
    if (isNpm(npm)) return;
    clearInterval(timer);
    callback();
  }, 500);
  timer.unref();
};

const run = async (node, { file, inRoot }, args, env) => {
  const path = join(root, file);
  if (!existsSync(path)) fail(`${file} does not exist`, 'the checkout is not complete; get it again');
  // npm changes into the checkout and tells in INIT_CWD where its caller was: relative paths in arguments are meant from there.
  const from = process.cwd() === root.replace(/[\\/]$/, '') && process.env.INIT_CWD ? process.env.INIT_CWD : process.cwd();
  const lifeline = pathToFileURL(join(root, 'tools', 'launcher', 'lifeline.mjs')).href;
  const child = spawn(node, ['--import', lifeline, path, ...args], {
    cwd: inRoot ? root : from,
    env: { ...env, ORDERLOG_LIFELINE: '3' },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
  // On Ctrl-C the terminal tells both of us; the command hears it twice then, and must not take the second for impatience.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  onNpmGone(() => child.kill('SIGTERM'));
  const { code, error } = await endOf(child);
  if (error !== undefined) fail(`${node} cannot be started (${error.message})`, 'run npm ci again');
  process.exit(code);
};

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command === undefined) fail(`there is no command "${name}"`, `one of: ${Object.keys(commands).join(', ')}`);
if (Number(process.versions.node.split('.')[0]) < 20) fail(`Node ${process.version} is too old`, 'install Node 20.20 or newer');
if (!isInstalled()) await install();
const node = findNode();
const env = { ...process.env, PATH: [join(modules, '.bin'), process.env.PATH].join(delimiter) };
build(node, env);
await run(node, command, args, env);
