import { createHmac } from 'node:crypto';
import { type Clock, type Notification, type Notifier, SignwrightError } from '@signwright/signing-core';
import { createPoster, type PosterOptions } from './poster.ts';

export type WebhookOptions = Omit<PosterOptions, 'headers'> & {
  /** Shared with the receiver; see {@link readWebhookSecret}. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
};

/** Bytes of a body, at the most. */
const MAX_BODY = 64 * 1024;
/** What is between the dots of the signed text must have none itself (Standard Webhooks 1.0, signature scheme). */
const ID = /^[A-Za-z0-9_:-]{1,256}$/;

/**
 * Tells a webhook, as Standard Webhooks 1.0 has it: the body is `{"type", "timestamp", "data"}`; `webhook-id` is the event's id,
 * the same for every try, `webhook-timestamp` the try's time, `webhook-signature` `v1,` and HMAC-SHA256 of
 * `id.timestamp.body`. See {@link createPoster} for what is tried again and what is refused.
 *
 * @throws SignwrightError at once `configuration` for a URL or a secret that cannot be used; from `notify` as the poster does, and
 * `configuration` for an event that is too large or has an id that no header can carry.
 */
export function createWebhookNotifier({ secret, clock, ...options }: WebhookOptions): Notifier {
  checkSecret(secret);
  const key = Buffer.from(secret);
  const post = createPoster(options);
  return {
    async notify(event) {
      const body = bodyOf(event);
      await post({
        body,
        headers: () => {
          const timestamp = Math.floor(clock.now().getTime() / 1000);
          return {
            'content-type': 'application/json',
            'user-agent': 'signwright',
            'webhook-id': event.id,
            'webhook-timestamp': String(timestamp),
            'webhook-signature': webhookSignature(key, event.id, timestamp, body),
          };
        },
      });
    },
  };
}

/** The `webhook-signature` of a body. @param timestamp seconds since 1970. */
export function webhookSignature(secret: Uint8Array, id: string, timestamp: number, body: Uint8Array): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
}

/** Reads a secret as Standard Webhooks writes it: `whsec_` and base64 of 24 to 64 bytes. @throws SignwrightError `configuration`, without it. */
export function readWebhookSecret(text: string, where: string): Uint8Array {
  const written = text.trim().replace(/^whsec_/, '');
  const secret = Buffer.from(written, 'base64');
  if (secret.toString('base64').replace(/=+$/, '') !== written.replace(/=+$/, '')) {
    throw new SignwrightError('configuration', 'the webhook secret is not base64', { where, next: SECRET_FORM });
  }
  checkSecret(secret, where);
  return secret;
}

const SECRET_FORM = 'write it as whsec_ and base64 of 24 to 64 random bytes';

function checkSecret(secret: Uint8Array, where?: string): void {
  if (secret.length >= 24 && secret.length <= 64) return;
  throw new SignwrightError('configuration', `the webhook secret has ${secret.length} bytes`, {
    next: SECRET_FORM,
    ...(where === undefined ? {} : { where }),
  });
}

function bodyOf(event: Notification): Buffer {
  if (!ID.test(event.id)) {
    throw new SignwrightError('configuration', 'the id of an event cannot be sent to a webhook', {
      next: 'use letters, digits, "_", ":" and "-", 256 at most',
    });
  }
  const body = Buffer.from(JSON.stringify({ type: event.type, timestamp: event.time, data: event.data }));
  if (body.length > MAX_BODY) {
    throw new SignwrightError('configuration', `an event of ${body.length} bytes; a webhook is sent ${MAX_BODY} at most`, {
      next: 'send less of it, and where the rest is found',
    });
  }
  return body;
}
