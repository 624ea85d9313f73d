import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { file_orderlog_inventory_v1_events as inventory } from './generated/orderlog/inventory/v1/events_pb.js';
import { file_orderlog_order_v1_events as order } from './generated/orderlog/order/v1/events_pb.js';
import { file_orderlog_routing_v1_events as routing } from './generated/orderlog/routing/v1/events_pb.js';
import { file_orderlog_shipping_v1_events as shipping } from './generated/orderlog/shipping/v1/events_pb.js';
import { file_orderlog_warehouse_v1_events as warehouse } from './generated/orderlog/warehouse/v1/events_pb.js';
import type { ServiceName } from './topics.js';

type Check = (value: unknown, path: string) => string | undefined;

const files = { order, inventory, routing, warehouse, shipping } as const;
const compiled = new Map<DescMessage, Check>();

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const scalar = (type: ScalarType): Check => {
  switch (type) {
    case ScalarType.STRING:
      return (value, path) => (typeof value === 'string' ? undefined : `${path} is not a string`);
    case ScalarType.BOOL:
      return (value, path) => (typeof value === 'boolean' ? undefined : `${path} is not a boolean`);
    case ScalarType.INT32:
      return (value, path) => (Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 ? undefined : `${path} is not a 32-bit integer`);
    case ScalarType.INT64:
      return (value, path) => (Number.isSafeInteger(value) ? undefined : `${path} is not an integer of at most 2^53 - 1`);
    case ScalarType.DOUBLE:
      return (value, path) => (typeof value === 'number' && Number.isFinite(value) ? undefined : `${path} is not a number`);
    default:
      throw new Error(`event payloads use string, bool, int32, int64 and double, not scalar type ${type}`);
  }
};

const single = (field: DescField): Check => {
  if (field.message !== undefined) {
    const { message } = field;
    return (value, path) => checkOf(message)(value, path);
  }
  if (field.scalar === undefined) throw new Error(`${field.parent.typeName}.${field.name}: closed enumerations are not used in events`);
  return scalar(field.scalar);
};

const fieldCheck = (field: DescField): Check => {
  if (field.fieldKind === 'map') {
    const inner = field.message === undefined ? scalar(field.scalar ?? ScalarType.STRING) : checkOf(field.message);
    return (value, path) => {
      if (!isObject(value)) return `${path} is not an object`;
      for (const key of Object.keys(value)) {
        const wrong = inner(value[key], `${path}.${key}`);
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    };
  }
  const inner = single(field);
  if (field.fieldKind !== 'list') return inner;
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} is not a list`;
    for (let n = 0; n < value.length; n += 1) {
      const wrong = inner(value[n], `${path}[${n}]`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
};

/** Builds the check of a message once: walking the descriptor for every event (`fromJson`) costs some 30 times as much. */
const checkOf = (message: DescMessage): Check => {
  const known = compiled.get(message);
  if (known !== undefined) return known;
  const fields = new Map<string, Check>();
  const check: Check = (value, path) => {
    if (!isObject(value)) return `${path} is not an object`;
    for (const key of Object.keys(value)) {
      if (value[key] === undefined) continue;
      // An unknown field is a newer writer's: read on, as every ProtoJSON reader of ours does.
      const wrong = fields.get(key)?.(value[key], `${path}.${key}`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
  compiled.set(message, check);
  for (const field of message.fields) fields.set(field.jsonName, fieldCheck(field));
  return check;
};

const messages = new Map<string, DescMessage>(
  Object.entries(files).flatMap(([service, file]) => file.messages.map((message) => [`${service}/${message.name}`, message] as const)),
);

/** Messages that others are made of; the rest are events. */
const partsOf = (service: ServiceName): ReadonlySet<string> =>
  new Set(files[service].messages.flatMap(({ fields }) => fields.flatMap(({ message }) => (message === undefined ? [] : [message.name]))));

/** The types of all events a service has ever appended. */
export const eventTypes = (service: ServiceName): readonly string[] => {
  const parts = partsOf(service);
  return files[service].messages.map(({ name }) => name).filter((name) => !parts.has(name));
};

/** The protobuf descriptor of an event's payload, or undefined for a type that the service does not know. */
export const payloadDescriptor = (service: ServiceName, type: string): DescMessage | undefined => messages.get(`${service}/${type}`);

/**
 * Says what is wrong with an event's payload by its .proto contract: a wrong type of a known field, by path.
 * Answers undefined when it is right, and for an unknown `type` a sentence of its own.
 */
export const checkPayload = (service: ServiceName, type: string, data: unknown): string | undefined => {
  const message = messages.get(`${service}/${type}`);
  return message === undefined ? `${service} has no event ${type}` : checkOf(message)(data, 'data');
};
