import { compactedPartitions, compactedTopics, eventsTopic, services, shardsPerLog } from '@orderlog/contracts';
import type { KafkaClient, TopicSpec } from './kafka.port.js';

const week = 7 * 24 * 60 * 60 * 1000;

/** The eight topics: five logs with a partition a shard, three compacted copies. */
export const topicSpecs = ({ prefix = '', replication = 1, minInsyncReplicas = Math.max(1, replication - 1) } = {}): readonly TopicSpec[] => [
  ...services.map((service) => ({
    topic: `${prefix}${eventsTopic(service)}`,
    partitions: shardsPerLog,
    replication,
    config: { 'cleanup.policy': 'delete', 'retention.ms': String(week), 'min.insync.replicas': String(minInsyncReplicas) },
  })),
  ...compactedTopics.map((topic) => ({
    topic: `${prefix}${topic}`,
    partitions: compactedPartitions,
    replication,
    config: { 'cleanup.policy': 'compact', 'min.insync.replicas': String(minInsyncReplicas) },
  })),
];

/** Makes the topics that are missing and checks all of them; throws with every difference. Answers the names it made. */
export const createTopics = async (
  kafka: KafkaClient,
  options: { readonly prefix?: string; readonly replication?: number; readonly minInsyncReplicas?: number } = {},
): Promise<readonly string[]> => {
  const specs = topicSpecs(options);
  const admin = await kafka.admin();
  try {
    const made = await admin.createTopics(specs);
    const found = await admin.describeTopics(specs.map(({ topic }) => topic));
    const wrong = specs.flatMap(({ topic, partitions, config }) => {
      const is = found.get(topic);
      if (is === undefined) return [`${topic} does not exist`];
      return [
        ...(is.partitions === partitions ? [] : [`${topic} has ${is.partitions} partitions, not ${partitions}`]),
        ...Object.entries(config)
          .filter(([name, value]) => is.config[name] !== value)
          .map(([name, value]) => `${topic} has ${name}=${is.config[name]}, not ${value}`),
      ];
    });
    if (wrong.length > 0) throw new Error(`topics are not as they must be: ${wrong.join('; ')}`);
    return made;
  } finally {
    await admin.close();
  }
};
