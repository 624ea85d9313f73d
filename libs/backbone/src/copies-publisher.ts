import { publishCompacted, type CopiesPublisher, type KafkaClient } from '@orderlog/messaging';

/** A publisher that connects at its first record: most services never publish a copy, and a start must not wait for a broker it may not need. */
export const lazyCopies = (kafka: KafkaClient, topicPrefix: string): CopiesPublisher => {
  let connected: Promise<CopiesPublisher> | undefined;
  const connect = (): Promise<CopiesPublisher> => {
    connected ??= publishCompacted({ kafka, topicPrefix }).catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  };
  return {
    publish: async (topic, records) => (await connect()).publish(topic, records),
    close: async () => (await connected)?.close(),
  };
};
