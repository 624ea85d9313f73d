import type { KafkaClient } from './kafka.port.js';
import { kafkajsClient } from './kafkajs.adapter.js';
import type { MessagingLogger } from './logger.js';

/** The clients that stand behind the port, by the name `KAFKA_CLIENT` has for them; the first is the default. */
export const kafkaClients = ['kafkajs', 'platformatic'] as const;

/** One of `kafkaClients`. */
export type KafkaClientName = (typeof kafkaClients)[number];

/** A client by its name. The second one is loaded only where it is asked for: a process pays for what it uses. */
export const openKafka = async (
  name: KafkaClientName,
  options: { readonly brokers: string; readonly clientId: string; readonly logger?: MessagingLogger },
): Promise<KafkaClient> => (name === 'kafkajs' ? kafkajsClient(options) : (await import('./platformatic.adapter.js')).platformaticClient(options));
