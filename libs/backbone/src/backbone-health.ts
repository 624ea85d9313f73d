import type { Health } from '@orderlog/observability';
import type { Pool } from 'pg';
import type { Engine } from './engine.js';

/** The parts of `/readyz`. Migrations need none of their own: a log does not open on a schema it does not know. */
export const registerHealth = (health: Health, engine: Engine, pool: Pool): void => {
  health.add('postgres', async () => {
    await pool.query('select 1');
    return undefined;
  });
  health.add('relay', () => {
    if (engine.relay === undefined) return 'not started';
    const stopped = engine.relay.stats().stoppedShards;
    return stopped.length === 0 ? undefined : stopped.map(({ shard, reason }) => `shard ${shard}: ${reason}`).join('; ');
  });
  health.add('copies', () => (engine.copiesCaughtUp ? undefined : 'not caught up'));
  health.add('consumer', () => {
    if (engine.consumer === undefined) return 'not started';
    if (engine.consumer.isReady()) return undefined;
    const { status, reason } = engine.consumer.stats();
    return reason === undefined ? status : `${status}: ${reason}`;
  });
};
