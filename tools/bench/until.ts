import { setTimeout as delay } from 'node:timers/promises';

const giveUpAfterMs = 10 * 60_000;
const askEveryMs = 500;

/** Asks twice a second until it is so; an error that names `what` when it is not so after ten minutes. */
export const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
  const giveUpAt = Date.now() + giveUpAfterMs;
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error(`after ${giveUpAfterMs / 1000} s it is still not so: ${what}`);
    await delay(askEveryMs);
  }
};
