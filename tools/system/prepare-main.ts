import { prepareDatabase, prepareTopics } from './prepare.js';

/** Prepares a database and a broker that are given by the environment, then ends: the first step of a deployment. */
const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
};

await prepareDatabase({ databaseUrl: required('DATABASE_URL'), password: required('SERVICE_DATABASE_PASSWORD') });
const made = await prepareTopics({
  brokers: required('KAFKA_BROKERS'),
  topicPrefix: process.env['TOPIC_PREFIX'] ?? '',
  replication: Number(process.env['TOPIC_REPLICATION'] ?? 1),
});
console.log(`schemas and roles are up to date; ${made.length} topics created`);
process.exit(0);
