import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { LogTransaction } from '@orderlog/event-log';
import { eventually } from '@orderlog/testing';
import { quiet } from '../test/hearing.js';
import { openPair, type Pair } from '../test/pair.js';
import type { Fact } from './facts.js';
import { localLogReader } from './log-reader.js';
import { LogConsumerStrategy, OnFacts } from './transport.js';

const state: { pair?: Pair; batches: number; failures: Error[] } = { batches: 0, failures: [] };

@Controller()
class OrderListener {
  private readonly greeting = 'bound';

  @OnFacts({ hears: [{ source: 'order', types: ['OrderFeedbackReceived'] }], target: (fact) => `heard-${fact.correlationId}` })
  async hear(facts: readonly Fact[], tx: LogTransaction): Promise<void> {
    expect(this.greeting).toBe('bound');
    state.batches += 1;
    const failure = state.failures.shift();
    if (failure !== undefined) throw failure;
    await state.pair?.listener.handle(facts, tx);
  }
}

@Module({ controllers: [OrderListener] })
class ListeningModule {}

describe('the log consumer as a Nest transport', () => {
  let pair: Pair;
  let strategy: LogConsumerStrategy;
  let app: INestApplicationContext & { close(): Promise<void> };
  beforeAll(async () => {
    pair = await openPair();
    state.pair = pair;
    strategy = new LogConsumerStrategy({
      log: pair.consumer,
      sql: pair.consumer.sql,
      kafka: pair.kafka,
      producers: { order: localLogReader(pair.producer) },
      topicPrefix: pair.topics.prefix,
      logger: quiet,
    });
    const service = await NestFactory.createMicroservice<MicroserviceOptions>(ListeningModule, { strategy, logger: false });
    await service.listen();
    app = service;
    await pair.startRelay();
  });
  afterAll(async () => {
    await app.close();
    await pair.close();
  });

  const hears = (orderId: string, scores: readonly number[]) =>
    eventually(async () => {
      expect(await pair.heardOf(orderId)).toEqual(scores);
      return true;
    });

  it('hands whole batches to the controller, in order', async () => {
    const orderId = await pair.rate([1, 2, 3, 4, 5]);
    await hears(orderId, [1, 2, 3, 4, 5]);
    expect(state.batches).toBe(1);
    expect(strategy.isReady()).toBe(true);
    expect(strategy.stats()).toMatchObject({ status: 'running', facts: 5 });
  });

  it('tells an outage from a bad record, which Nest would not let through', async () => {
    state.failures.push(Object.assign(new Error('the database is starting up'), { code: '57P03' }));
    const orderId = await pair.rate([6]);
    await hears(orderId, [6]);
    expect(strategy.stats()).toMatchObject({ parked: 0, retries: 1 });
    const bad = await pair.rate([13]);
    await eventually(() => strategy.stats().parked === 1);
    expect(await pair.heardOf(bad)).toEqual([]);
  });
});
