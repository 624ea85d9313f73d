import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { file_orderlog_inventory_v1_events as inventory } from './generated/orderlog/inventory/v1/events_pb.js';
import { file_orderlog_order_v1_events as order } from './generated/orderlog/order/v1/events_pb.js';
import { file_orderlog_routing_v1_events as routing } from './generated/orderlog/routing/v1/events_pb.js';
import { file_orderlog_shipping_v1_events as shipping } from './generated/orderlog/shipping/v1/events_pb.js';
import { file_orderlog_warehouse_v1_events as warehouse } from './generated/orderlog/warehouse/v1/events_pb.js';
import type { ServiceName } from './topics.js';

/** Says what is wrong and where, beginning with where: ` is not a string`, `.lines[0].sku is not a string`. */
type Check = (value: unknown) => string | undefined;

const files = { order, inventory, routing, warehouse, shipping } as const;
const compiled = new Map<DescMessage, Check>();

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const scalar = (type: ScalarType): Check => {
  switch (type) {
    case ScalarType.STRING:
      return (value) => (typeof value === 'string' ? undefined : ' is not a string');
    case ScalarType.BOOL:
      return (value) => (typeof value === 'boolean' ? undefined : ' is not a boolean');
    case ScalarType.INT32:
      return (value) => (Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 ? undefined : ' is not a 32-bit integer');
    case ScalarType.INT64:
      return (value) => (Number.isSafeInteger(value) ? undefined : ' is not an integer of at most 2^53 - 1');
    case ScalarType.DOUBLE:
      return (value) => (typeof value === 'number' && Number.isFinite(value) ? undefined : ' is not a number');
    default:
      throw new Error(`event payloads use string, bool, int32, int64 and double, not scalar type ${type}`);
  }
};

const single = (field: DescField): Check => {
  if (field.message !== undefined) {
    const { message } = field;
    return (value) => checkOf(message)(value);
  }
  if (field.scalar === undefined) throw new Error(`${field.parent.typeName}.${field.name}: closed enumerations are not used in events`);
  return scalar(field.scalar);
};

const fieldCheck = (field: DescField): Check => {
  if (field.fieldKind === 'map') {
    const inner = field.message === undefined ? scalar(field.scalar ?? ScalarType.STRING) : checkOf(field.message);
    return (value) => {
      if (!isObject(value)) return ' is not an object';
      for (const key in value) {
        const wrong = inner(value[key]);
        if (wrong !== undefined) return `.${key}${wrong}`;
      }
      return undefined;
    };
  }
  const inner = single(field);
  if (field.fieldKind !== 'list') return inner;
  return (value) => {
    if (!Array.isArray(value)) return ' is not a list';
    for (let n = 0; n < value.length; n += 1) {
      const wrong = inner(value[n]);
      if (wrong !== undefined) return `[${n}]${wrong}`;
    }
    return undefined;
  };
};

/** Builds the check of a message once: walking the descriptor for every event (`fromJson`) costs some 30 times as much. */
const checkOf = (message: DescMessage): Check => {
  const known = compiled.get(message);
  if (known !== undefined) return known;
  const fields = new Map<string, Check>();
  const check: Check = (value) => {
    if (!isObject(value)) return ' is not an object';
    for (const key in value) {
      if (value[key] === undefined) continue;
      // An unknown field is a newer writer's: read on, as every ProtoJSON reader of ours does.
      const wrong = fields.get(key)?.(value[key]);
      if (wrong !== undefined) return `.${key}${wrong}`;
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
  if (message === undefined) return `${service} has no event ${type}`;
  const wrong = checkOf(message)(data);
  return wrong === undefined ? undefined : `data${wrong}`;
};
