export type { Actor, Envelope, EventBody, EventContext, RecordedEvent } from './envelope.js';
export { checkPayload, eventTypes, payloadDescriptor } from './payloads.js';
export {
  compactedPartitions,
  compactedTopics,
  eventsTopic,
  services,
  shardsPerLog,
  type AvailabilityCopy,
  type CenterCopy,
  type CompactedTopic,
  type ItemCopy,
  type ServiceName,
} from './topics.js';
