import { describe, expect, it } from '@jest/globals';
import { environment } from '@orderlog/edge';
import { backboneConfig } from './backbone-config.js';

describe('the environment of the backbone', () => {
  const given = { DATABASE_URL: 'postgresql://order_app@localhost/orderlog', KAFKA_BROKERS: 'localhost:9092' };
  const read = (more: Readonly<Record<string, string>>) => {
    const env = environment({ ...given, ...more });
    const config = backboneConfig(env, 'order');
    env.done();
    return config;
  };

  it('chooses kafkajs unless told', () => {
    expect(read({}).kafkaClient).toBe('kafkajs');
    expect(read({ KAFKA_CLIENT: 'platformatic' }).kafkaClient).toBe('platformatic');
  });

  it('refuses a Kafka client it does not know in one line', () => {
    expect(() => read({ KAFKA_CLIENT: 'librdkafka' })).toThrow(/^the environment is not right:\n {2}- KAFKA_CLIENT is not one of kafkajs, platformatic$/);
  });
});
