/** Where messaging says what operators should know; a pino logger fits. Never given personal data. */
export type MessagingLogger = {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
};

const line = (level: string) => (fields: object, text: string): void => {
  process.stderr.write(`${JSON.stringify({ level, text, ...fields })}\n`);
};

/** Warnings and errors as JSON lines on standard error: for programs that bring no logger. */
export const stderrLogger: MessagingLogger = { info: () => undefined, warn: line('warn'), error: line('error') };
