/**
 * Waits for a condition, looking again every 20 ms; throws with the last reason when `timeoutMs` (20 s) have passed.
 * The condition holds when it returns without throwing, and anything but `false` or `undefined`.
 */
export const eventually = async <T>(condition: () => T | Promise<T>, timeoutMs = 20_000): Promise<Exclude<T, false | undefined>> => {
  const giveUpAt = performance.now() + timeoutMs;
  let reason: unknown;
  do {
    try {
      const answer = await condition();
      if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
      reason = undefined;
    } catch (error) {
      reason = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while (performance.now() < giveUpAt);
  throw new Error(`condition not met within ${timeoutMs} ms`, { cause: reason });
};
