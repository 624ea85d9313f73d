import { parseArgs } from 'node:util';
import { startSystem } from './system.js';

/**
 * A system as a program of its own, on the PostgreSQL and Kafka of DATABASE_URL and KAFKA_BROKERS; ends in good order on SIGTERM.
 * `system.json` in the data folder says where everything is once it is ready. The environment is handed on to the services.
 */
const { values } = parseArgs({ options: { data: { type: 'string' }, 'topic-prefix': { type: 'string', default: '' } } });
const { DATABASE_URL: databaseUrl, KAFKA_BROKERS: brokers } = process.env;
if (values.data === undefined || databaseUrl === undefined || brokers === undefined) {
  console.error('DATABASE_URL=… KAFKA_BROKERS=… node dist/tools/system/main.js --data DIR [--topic-prefix P]');
  process.exit(2);
}
const system = await startSystem({
  databaseUrl,
  brokers,
  dataDir: values.data,
  topicPrefix: values['topic-prefix'],
  onProgress: (text, passing = false) => {
    if (!passing) console.log(text);
  },
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void system.stop().then(() => process.exit(0));
  });
}
// Whoever started it with a pipe for input ends it by ending, also by kill -9: a test that was killed must not leave a system behind.
if (process.stdin.isTTY !== true) process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM')).resume();
console.log('ready');
