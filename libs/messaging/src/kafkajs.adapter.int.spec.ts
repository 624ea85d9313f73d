import { kafkaBrokers } from '@orderlog/testing';
import { kafkaContract } from './kafka.contract.js';
import { kafkajsClient } from './kafkajs.adapter.js';

kafkaContract('kafkajs', () => kafkajsClient({ brokers: kafkaBrokers(), clientId: 'contract' }));
