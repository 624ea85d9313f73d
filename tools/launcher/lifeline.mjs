// Loaded before a command that up.mjs starts (--import): ends the command in good order when up.mjs is gone, also by kill -9.
// up.mjs holds the other end of this pipe and never writes; the kernel closes it when up.mjs ends.
import { Socket } from 'node:net';

const fd = Number(process.env.ORDERLOG_LIFELINE);
// Not for the processes that the command starts: theirs is the guard of the local stack.
delete process.env.ORDERLOG_LIFELINE;
if (Number.isInteger(fd) && fd > 2) {
  const lifeline = new Socket({ fd, readable: true, writable: false });
  lifeline.on('error', () => lifeline.destroy());
  lifeline.on('close', () => process.kill(process.pid, 'SIGTERM'));
  lifeline.resume();
  lifeline.unref();
}
