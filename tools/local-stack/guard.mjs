// The guard of one launcher: ends the launcher's processes when the launcher itself is gone, also by kill -9.
// Its standard input is a pipe that only the launcher holds, so the kernel says when that has ended. One guard for all
// processes, not a wrapper around each: a Node process costs 40 MB.
// Lines on the pipe: {"watch": pid, "signal", "graceMs", "lastSignal"} and {"forget": pid}.
import { createInterface } from 'node:readline';

const watched = new Map();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);

/** Signals the whole process group; answers false when nothing of it is left. */
const tell = (pid, signal) => {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
};

const end = (pid, { signal, graceMs, lastSignal }) =>
  new Promise((resolve) => {
    const deadline = Date.now() + graceMs;
    let last = false;
    tell(pid, signal);
    const look = () => {
      tell(pid, 'SIGCONT'); // a paused process hears nothing but SIGKILL until it goes on
      if (!tell(pid, 0) || Date.now() > deadline + 10_000) return resolve();
      if (Date.now() > deadline && !last) {
        last = true;
        tell(pid, lastSignal);
      }
      setTimeout(look, 50);
    };
    look();
  });

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { watch, forget, ...how } = JSON.parse(line);
  if (watch !== undefined) watched.set(watch, how);
  if (forget !== undefined) watched.delete(forget);
});
lines.on('close', async () => {
  await Promise.all([...watched].map(([pid, how]) => end(pid, how)));
  process.exit(0);
});
