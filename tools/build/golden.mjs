// Writes a golden payload for every event that has none yet, from the events of a running system's database (DATABASE_URL, after some lives).
// Never overwrites: what was released must parse for ever. Events that no life brings about are written by hand.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import pg from 'pg';

const services = ['order', 'inventory', 'routing', 'warehouse', 'shipping'];
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
for (const service of services) {
  const folder = new URL(`../../libs/contracts/golden/${service}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  // The fullest one: it shows most fields.
  const { rows } = await client.query(
    `select distinct on (type, schema_version) type, schema_version, data from ${client.escapeIdentifier(service)}.event_log order by type, schema_version, length(data::text) desc, shard, seq`,
  );
  for (const { type, schema_version: version, data } of rows) {
    const file = new URL(`${type}.v${version}.json`, folder);
    if (existsSync(file)) continue;
    writeFileSync(file, `${JSON.stringify(data, null, 2)}\n`);
    console.log(`${service}/${type}.v${version}`);
  }
}
await client.end();
