import { constants } from 'node:os';
import { StackError } from '../local-stack/stack-error.js';
import { readOptions, usage } from './options.js';
import type { Closing } from './run.js';
import { screen, type Screen } from './screen.js';

/** Resolves with the exit code when somebody asks us to end. `process.on`: a terminal, npm and up.mjs each pass the same Ctrl-C on. */
const whenAsked = (out: Screen, isIdle: () => boolean): Promise<number> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (!out.isQuiet()) out.line('stopping …');
        out.quiet();
        // Who ends what has nothing left to do has not interrupted anything.
        resolve(isIdle() ? 0 : 128 + constants.signals[signal]);
      });
    }
    // Whoever read our lines is gone (a closed terminal, `npm start | head`): nobody is left to run for.
    process.stdout.on('error', () => resolve(128 + constants.signals.SIGPIPE));
  });

const main = async (): Promise<number> => {
  const out = screen();
  const closing: Closing = [];
  let putAway = (): Promise<void> => Promise.resolve();
  let isIdle = false;
  let onBroken: (error: StackError) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    onBroken = reject;
  });
  const idle = new Promise<never>(() => undefined);
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) {
      out.line(usage);
      return 0;
    }
    // Only now: loading all of it takes a second, and a mistyped option should be answered at once.
    const { work, end } = await import('./run.js');
    putAway = () => end(closing);
    const worked = work(options, out, closing, onBroken).then((code) => {
      isIdle = code === undefined;
      return code ?? idle;
    });
    return await Promise.race([whenAsked(out, () => isIdle), broken, worked]);
  } catch (error) {
    out.clear();
    // What has a remedy is one line; anything else is a mistake of ours, and whoever reports it needs to know where.
    console.error(error instanceof StackError ? `orderlog: ${error.message}` : error);
    return 1;
  } finally {
    out.quiet();
    await putAway();
  }
};

process.exit(await main());
