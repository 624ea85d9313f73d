import type { SqlExecutor } from '@orderlog/event-log';

/** A message that is no row of the producer's log. `id` is `<topic>-<partition>@<offset>`; nothing of it has acted, and nothing will. */
export type QuarantinedMessage = { readonly id: string; readonly group: string; readonly seenAt: string; readonly reason: string };

/** The same with what could be read of it. */
export type QuarantinedContent = QuarantinedMessage & {
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string | null;
};

/** What operators do with quarantined messages. */
export interface QuarantinedMessages {
  /** Those that nobody has cleared, the newest first, 1,000 at most. */
  list(): Promise<readonly QuarantinedMessage[]>;
  show(id: string): Promise<QuarantinedContent | undefined>;
  /** Notes that somebody has looked at one of them, or (without an id) at all; answers at how many. Read again they stay cleared. */
  clear(id?: string): Promise<number>;
}

const idOf = `format('%s-%s@%s', topic, partition, message_offset)`;
const columns = `${idOf} as id, consumer_group as group, seen_at as "seenAt", reason`;

/** Quarantined messages of a service, for its API and the command line. */
export const quarantinedMessages = (sql: SqlExecutor): QuarantinedMessages => ({
  async list() {
    const { rows } = await sql.query<QuarantinedMessage>(
      `select ${columns} from quarantined_message where cleared_at is null order by seen_at desc, topic, partition, message_offset limit 1000`,
    );
    return rows;
  },
  async show(id) {
    const { rows } = await sql.query<QuarantinedContent>(
      `select ${columns}, message_key as key, headers, value from quarantined_message where cleared_at is null and ${idOf} = $1`,
      [id],
    );
    return rows[0];
  },
  async clear(id) {
    const { rowCount } = await sql.query(
      `update quarantined_message set cleared_at = clock_timestamp() where cleared_at is null and ($1::text is null or ${idOf} = $1)`,
      [id ?? null],
    );
    return rowCount ?? 0;
  },
});
