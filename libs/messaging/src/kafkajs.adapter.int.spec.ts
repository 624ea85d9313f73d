import { kafkaContract } from './kafka.contract.js';
import { kafkajsClient } from './kafkajs.adapter.js';

kafkaContract('kafkajs', (options) => kafkajsClient({ ...options, clientId: 'contract' }));
