import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { notifierContract } from '@signwright/testkit';
import { afterEach, expect, test } from 'vitest';
import { createWebhookNotifier, readWebhookSecret, webhookSignature } from './webhook-notifier.ts';

const secret = readWebhookSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'HOOK_SECRET');
const close: (() => void)[] = [];
afterEach(() => {
  for (const one of close.splice(0)) one();
});

type Received = { headers: IncomingHttpHeaders; body: string };

async function receiver(...statuses: number[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(statuses[received.length - 1] ?? statuses.at(-1) ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, received };
}

const event = { id: 'sha256:0af1', type: 'deny', time: '2026-11-22T10:00:00Z', data: { artifact: 'app' } };
const options = { secret, clock: { now: () => new Date(1_614_265_330_500) }, allowPrivate: true, pauseMs: 1, deadlineMs: 2000 };

notifierContract('the webhook notifier', async (fails) => {
  const { url, received } = await receiver(fails ? 503 : 200);
  return {
    notifier: createWebhookNotifier({ ...options, url }),
    heard: () =>
      received.map(({ headers, body }) => {
        const { type, timestamp: time, data } = JSON.parse(body);
        return { id: String(headers['webhook-id']), type, time, data };
      }),
  };
});

test('the published vector of Standard Webhooks', () => {
  const vector = JSON.parse(readFileSync(new URL('./vectors/standard-webhooks.json', import.meta.url), 'utf8'));
  const key = readWebhookSecret(vector.secret, 'vector');
  expect(webhookSignature(key, vector.id, vector.timestamp, Buffer.from(vector.body))).toBe(vector.expect);
});

test('the body is what the specification suggests, signed as it is sent', async () => {
  const { url, received } = await receiver(200);
  await createWebhookNotifier({ ...options, url }).notify(event);
  expect(JSON.parse(received[0]!.body)).toEqual({ type: 'deny', timestamp: event.time, data: event.data });
  expect(received[0]!.headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': 'sha256:0af1',
    'webhook-timestamp': '1614265330',
    'webhook-signature': webhookSignature(secret, 'sha256:0af1', 1_614_265_330, Buffer.from(received[0]!.body)),
  });
});

test('each try has its own time and signature, and the same id', async () => {
  const { url, received } = await receiver(500, 200);
  const times = [1_614_265_330_000, 1_614_265_331_000];
  const clock = { now: () => new Date(times.shift() ?? 0) };
  await createWebhookNotifier({ ...options, clock, url }).notify(event);
  const [first, second] = received.map(({ headers }) => headers);
  expect(first?.['webhook-id']).toBe(second?.['webhook-id']);
  expect(first?.['webhook-timestamp']).not.toBe(second?.['webhook-timestamp']);
  expect(first?.['webhook-signature']).not.toBe(second?.['webhook-signature']);
});

test('a larger event than 64 KiB, or an id that would blur what is signed, is not sent', async () => {
  const { url, received } = await receiver(200);
  const notifier = createWebhookNotifier({ ...options, url });
  await expect(notifier.notify({ ...event, data: 'x'.repeat(65_536) })).rejects.toMatchObject({ code: 'configuration' });
  for (const id of ['', 'a.b', 'a b', 'a\r\nx-injected: 1', 'x'.repeat(257)]) {
    await expect(notifier.notify({ ...event, id })).rejects.toMatchObject({ code: 'configuration' });
  }
  expect(received).toEqual([]);
});

test('a secret has 24 to 64 bytes, with or without its prefix', () => {
  expect(readWebhookSecret('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n', 'HOOK')).toEqual(secret);
  for (const text of ['', 'whsec_', 'whsec_c2hvcnQ=', 'not base64 at all, but long enough to be', `whsec_${'A'.repeat(88)}`]) {
    const read = (): unknown => readWebhookSecret(text, 'HOOK_SECRET');
    expect(read).toThrow(expect.objectContaining({ code: 'configuration', where: 'HOOK_SECRET' }) as Error);
    if (text.length > 6) expect(read).not.toThrow(new RegExp(text.slice(6, 20)));
  }
  expect(() => createWebhookNotifier({ ...options, url: 'http://127.0.0.1/', secret: new Uint8Array(8) })).toThrow(/8 bytes/);
});
