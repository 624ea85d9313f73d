// PostgreSQL and Kafka of the tests in containers, the images of docker-compose.yml: `TESTCONTAINERS=1 npm test`.
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import { freePort } from '../../dist/tools/local-stack/ports.js';

const images = { postgres: 'postgres:18-bookworm', kafka: 'apache/kafka:4.2.0' };

const startPostgres = () =>
  new PostgreSqlContainer(images.postgres)
    .withUsername('postgres')
    .withDatabase('postgres')
    .withEnvironment({ POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8' })
    // Several test files at once, each with pools of its own.
    .withCommand(['postgres', '-c', 'max_connections=200', '-c', 'shared_buffers=256MB', '-c', 'jit=off'])
    .withSharedMemorySize(256 * 1024 * 1024)
    .start();

/** A broker tells its clients where it is, so the port on the host must be known before it starts. */
const startKafka = async () => {
  const { info } = await getContainerRuntimeClient();
  const port = await freePort();
  const advertised = `${info.containerRuntime.host}:${port}`;
  const container = await new GenericContainer(images.kafka)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${advertised}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_MESSAGE_MAX_BYTES: '8388608',
      KAFKA_REPLICA_FETCH_MAX_BYTES: '8388608',
      KAFKA_HEAP_OPTS: '-Xms128m -Xmx320m',
    })
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(120_000)
    .start();
  return { advertised, stop: () => container.stop() };
};

/** Starts both side by side; as `startStack` of tools/local-stack answers. */
export const startContainers = async () => {
  const started = await Promise.allSettled([startPostgres(), startKafka()]);
  const stop = async () => {
    await Promise.all(started.map(({ value }) => value?.stop()));
  };
  const failed = started.find(({ status }) => status === 'rejected');
  if (failed !== undefined) {
    // The other one must not stay behind.
    await stop();
    throw failed.reason;
  }
  const [postgres, kafka] = started.map(({ value }) => value);
  return { databaseUrl: postgres.getConnectionUri(), brokers: kafka.advertised, stop };
};
