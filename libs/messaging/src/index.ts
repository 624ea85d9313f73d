export { decodeFact, encodeEvent, type WireRecord } from './cloud-events.js';
export { LogConsumer, type LogConsumerOptions, type LogConsumerStats, type PartitionStats } from './consumer.js';
export { compactedPartitionOf, publishCompacted, readCompacted, type CompactedCopies, type CompactedRecord, type CopiesPublisher } from './copies.js';
export { startEffects, type Effects, type EffectsStats } from './effects.js';
export type { EffectHandler, Fact, FactsListener, FiredTimer, Heard, TimerHandler } from './facts.js';
export type {
  Acknowledgement,
  GroupListener,
  IncomingBatch,
  IncomingMessage,
  KafkaAdmin,
  KafkaClient,
  KafkaConsumer,
  KafkaProducer,
  OutgoingMessage,
  PartitionBatch,
  PartitionEnds,
  TopicPartition,
  TopicSpec,
} from './kafka.port.js';
export { kafkaClients, openKafka, type KafkaClientName } from './kafka-clients.js';
export { kafkajsClient } from './kafkajs.adapter.js';
export { addLogReader, localLogReader, logReaderClient, type LogReaderClient, type ProducerLog } from './log-reader.js';
export { stderrLogger, type MessagingLogger } from './logger.js';
export { parkedStreams, type ParkedEvent, type ParkedStream, type ParkedStreams } from './parking.js';
export { quarantinedMessages, type QuarantinedContent, type QuarantinedMessage, type QuarantinedMessages } from './quarantined.js';
export { republish, startRelay, type Relay, type RelayStats, type Republished } from './relay.js';
export { startTimers, type Timers, type TimersStats } from './timers.js';
export { createTopics, topicSpecs } from './topics.js';
export { LogConsumerStrategy, OnFacts, type OnFactsOptions } from './transport.js';
export { messagingMigrations } from './migrations.js';
