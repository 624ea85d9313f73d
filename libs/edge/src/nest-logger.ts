import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@orderlog/observability';

/** Lets Nest speak through our log. What it tells while it wires modules is of interest only to who asks for `LOG_LEVEL=debug`. */
export const nestLogger = (log: Logger): LoggerService => {
  const say =
    (level: 'debug' | 'warn' | 'error') =>
    (message: unknown, ...rest: unknown[]): void => {
      const from = rest.findLast((part) => typeof part === 'string');
      if (message instanceof Error) log[level]({ err: message, from }, message.message);
      else log[level]({ from, ...(typeof rest[0] === 'string' && rest.length > 1 ? { stack: rest[0] } : {}) }, String(message));
    };
  return { log: say('debug'), debug: say('debug'), verbose: say('debug'), warn: say('warn'), error: say('error'), fatal: say('error') };
};
