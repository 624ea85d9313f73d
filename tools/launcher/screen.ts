import type { Progress } from '../local-stack/progress.js';

/** Lines that stay and one line that changes. Without a terminal the changing line is said at most every five seconds. */
export const screen = () => {
  const isTerminal = process.stdout.isTTY;
  let open = false;
  let saidAt = 0;
  const status = (text: string): void => {
    if (isTerminal) {
      process.stdout.write(`\r${text.slice(0, (process.stdout.columns || 120) - 1)}\x1b[K`);
      open = true;
    } else if (Date.now() - saidAt > 5_000) {
      saidAt = Date.now();
      console.log(text);
    }
  };
  const end = (): void => {
    if (open) process.stdout.write('\n');
    open = false;
  };
  return {
    status,
    end,
    line: (text: string): void => {
      end();
      console.log(text);
    },
    progress: ({ text, done, total }: Progress): void => {
      if (done === undefined || total === undefined) {
        end();
        console.log(text);
      } else status(`${text} ${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`);
    },
  };
};
