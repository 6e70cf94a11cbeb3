import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignwrightError } from '@signwright/signing-core';
import { afterEach, expect, test } from 'vitest';
import { askJson, type JsonAsk } from './ask-json.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function ask(listener: RequestListener, change: Partial<JsonAsk> = {}) {
  server = createServer(listener);
  await new Promise<void>((resolve) => void server?.listen(0, '127.0.0.1', resolve));
  return askJson({
    what: 'the platform',
    where: 'platform.example',
    deadlineMs: 5_000,
    method: 'GET',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/people?token=hunter2`,
    headers: { authorization: 'Bearer secret' },
    refusal: ({ status }) => new SignwrightError('configuration', `refused (${status})`),
    ...change,
  });
}

test('an answer in JSON is read, with its headers', async () => {
  const { json, headers } = await ask((_, response) => response.writeHead(200, { link: '<next>' }).end('{"a":[1]}'));
  expect(json).toEqual({ a: [1] });
  expect(headers['link']).toBe('<next>');
});

test.each([
  ['<html>sign in</html>', /is not JSON/],
  ['{"a":1,"a":2}', /twice/],
  ['', /is empty/],
  [`"${'x'.repeat(2_000)}"`, /larger than 1000 bytes/],
])('%j is as good as no answer, and not asked again', async (body, message) => {
  let asked = 0;
  const failure = await ask(
    (_, response) => {
      asked += 1;
      response.end(body);
    },
    { maxBytes: 1_000 },
  ).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'unreachable', message, where: 'platform.example' });
  expect(JSON.stringify(failure) + String((failure as Error).stack)).not.toMatch(/secret|hunter2/);
  expect(asked).toBe(1);
});

test.each([302, 401, 403, 404])('the status %i is a refusal, told in the words of who asks', async (status) => {
  await expect(
    ask((_, response) => response.writeHead(status, { location: 'https://elsewhere.example' }).end('secret')),
  ).rejects.toMatchObject({ code: 'configuration', message: `refused (${status})` });
});

test('a platform that is broken for a moment is asked again', async () => {
  let asked = 0;
  const { json } = await ask((_, response) => {
    asked += 1;
    response.writeHead(asked < 3 ? 503 : 200).end('true');
  });
  expect(json).toBe(true);
});

test('a platform that says nothing is not waited for beyond the deadline', async () => {
  await expect(ask(() => undefined, { deadlineMs: 100 })).rejects.toMatchObject({
    code: 'unreachable',
    message: 'the platform did not answer within 0.1 s',
  });
});
