// Generates libs/contracts/src/generated from the .proto files (buf and protoc-gen-es, both from npm, offline).
import { execFileSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = join(root, 'node_modules/.bin');
const run = (...args) =>
  execFileSync(join(bin, 'buf'), args, {
    cwd: join(root, 'libs/contracts/proto'),
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
  });

run('lint');
run('generate');
