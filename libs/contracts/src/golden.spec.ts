import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { checkPayload, eventTypes, payloadDescriptor } from './payloads.js';
import { services } from './topics.js';

const folder = fileURLToPath(new URL('../golden/', import.meta.url));

/** One file for each schema version of each event that was ever released: `golden/<service>/<Type>.v<version>.json`, its payload. */
const golden = services.flatMap((service) =>
  readdirSync(`${folder}${service}`).map((file) => {
    const [type = '', version = ''] = file.split('.');
    return { service, file, type, version, data: JSON.parse(readFileSync(`${folder}${service}/${file}`, 'utf8')) as JsonValue };
  }),
);

describe('golden payloads', () => {
  it.each(services)('exist for every event of %s', (service) => {
    const kept = golden.filter((one) => one.service === service && one.version === 'v1').map(({ type }) => type);
    expect(kept.sort()).toStrictEqual([...eventTypes(service)].sort());
  });

  it.each(golden)('$service/$file still parses, every field of it', ({ service, type, data }) => {
    const descriptor = payloadDescriptor(service, type);
    if (descriptor === undefined) throw new Error(`${service} has no event ${type}`);
    expect(checkPayload(service, type, data)).toBeUndefined();
    // Unlike a reader of today, which passes over what it does not know: a field that was released may not be taken away.
    expect(() => fromJson(descriptor, data, { ignoreUnknownFields: false })).not.toThrow();
  });
});
