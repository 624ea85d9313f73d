/** The broker's `server.properties`: one KRaft node that is broker and controller, small enough for a laptop. */
export const serverProperties = ({ broker, controller, logs, advertised = broker }: { broker: number; controller: number; logs: string; advertised?: number }): string => `process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${advertised},CONTROLLER://127.0.0.1:${controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=${logs}
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=2
background.threads=2
num.recovery.threads.per.data.dir=2
group.initial.rebalance.delay.ms=0
# After kill -9 the broker's own old session must run out before it may register again.
broker.session.timeout.ms=5000
broker.heartbeat.interval.ms=1000
# One broker: every internal topic has one copy, and few partitions.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
default.replication.factor=1
min.insync.replicas=1
# Small segments keep the recovery after kill -9 short; their indexes are preallocated, hence small too.
log.segment.bytes=16777216
log.index.size.max.bytes=262144
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=16777216
# A relay batch of 500 rows is one record batch.
message.max.bytes=8388608
replica.fetch.max.bytes=8388608
`;

/** Log4j 2: warnings and worse, to standard output, which is the broker's log file. */
export const log4jProperties = `status=error
name=broker
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %-5p %c{1}: %m%n%throwable{20}
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
`;

/** The JVM's limits, measured: see README, "Memory of the broker". */
export const jvmFlags: readonly string[] = [
  '-Xms128m',
  '-Xmx320m',
  '-XX:+UseSerialGC',
  '-XX:ActiveProcessorCount=2',
  '-XX:TieredStopAtLevel=1',
  '-XX:MaxDirectMemorySize=64m',
  '-XX:MaxMetaspaceSize=128m',
  '-XX:ReservedCodeCacheSize=48m',
  '-Djdk.nio.maxCachedBufferSize=1048576',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.awt.headless=true',
];
