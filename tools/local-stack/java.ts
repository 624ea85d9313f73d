import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { StackError } from './stack-error.js';

const majorMin = 17;
const remedy = 'install Java 17 or newer (on Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME, or set KAFKA_BROKERS to a broker of your own';

/** The major version in what `java -version` prints; undefined when it prints none ("1.8.0" is 8). */
export const javaMajor = (printed: string): number | undefined => {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(printed) ?? [];
  if (first === undefined) return undefined;
  return first === '1' ? Number(second) : Number(first);
};

/** The `java` to use: of JAVA_HOME, else of the PATH. Refuses one that Kafka 4 cannot run on. */
export const findJava = (env: NodeJS.ProcessEnv = process.env): string => {
  const java = env['JAVA_HOME'] === undefined || env['JAVA_HOME'] === '' ? 'java' : join(env['JAVA_HOME'], 'bin', 'java');
  const { error, stderr, stdout } = spawnSync(java, ['-version'], { encoding: 'utf8', env });
  if (error !== undefined) throw new StackError(`Java was not found (${java === 'java' ? 'no java in the PATH' : java})`, remedy, { cause: error });
  const major = javaMajor(`${stderr}${stdout}`);
  if (major === undefined) throw new StackError(`${java} does not run: ${stderr.trim().split('\n')[0] ?? ''}`, remedy);
  if (major < majorMin) throw new StackError(`Java ${major} is too old for Apache Kafka 4 (${java})`, remedy);
  return java;
};
