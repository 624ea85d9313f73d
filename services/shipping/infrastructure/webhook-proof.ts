import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import type { WebhookProof } from '../application/ports.js';

/** Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`, five minutes of tolerance, several signatures while a secret is changed. */
export const standardWebhookProof = (secret: string): WebhookProof => {
  const webhook = new Webhook(secret);
  return (body, headers) => {
    try {
      webhook.verify(body, headers, { jsonParse: false });
      return true;
    } catch (error) {
      if (error instanceof WebhookVerificationError) return false;
      throw error;
    }
  };
};
