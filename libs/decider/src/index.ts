export { fold, type Command, type Decider, type Event } from './decider.js';
export { isRefusal, refuse, type Refusal } from './refusal.js';
