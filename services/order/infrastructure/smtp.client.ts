import { createTransport } from 'nodemailer';
import type { Letter, Mailer } from '../application/tell-shipped.js';

/** What a mail server says often repeats the address; what is thrown here ends in logs and tables, so only codes go on. */
const withoutPerson = (error: unknown): Error => {
  const { code = 'unknown', responseCode = '' } = error as { readonly code?: string; readonly responseCode?: number };
  return new Error(`the letter was not sent: ${code} ${responseCode}`.trim());
};

/** Sends letters through an SMTP server; `smtp://user:password@host:port`, `smtps://…`. */
export const smtpMailer = (url: string, from: string): Mailer & { readonly close: () => void } => {
  const transport = createTransport({ url, pool: true, maxConnections: 2, connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 });
  const domain = from.slice(from.lastIndexOf('@') + 1).replace(/[^A-Za-z0-9.-]/g, '');
  return {
    send: async ({ id, to, subject, text }: Letter) => {
      try {
        await transport.sendMail({ from, to, subject, text, messageId: `<${id}@${domain}>` });
      } catch (error) {
        throw withoutPerson(error);
      }
    },
    close: () => transport.close(),
  };
};
