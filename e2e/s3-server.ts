import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type Launched, launchServer } from './launch-server.ts';
import { peer } from './peers.ts';
import { freePort } from './scenario.ts';

/** What every server here is started with, and so what the environment of its clients must say. */
export const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'e2e-access-key',
  AWS_SECRET_ACCESS_KEY: 'e2e-secret-access-key',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
};

export type S3Server = {
  endpoint: string;
  /** Makes a new bucket and gives its name. */
  createBucket(withLock?: boolean): Promise<string>;
  /** Sends a request signed by hand, so that what is stored is seen by other eyes than the SDK's. */
  request(method: string, path: string, headers?: Readonly<Record<string, string>>, body?: string): Promise<Response>;
};

/** Starts MinIO or moto for the tests of a suite, on loopback, with nothing in it. */
export function s3Server(name: 'minio' | 'moto_server'): S3Server {
  let launched: Launched;
  let directory: string;
  let buckets = 0;
  const server: S3Server = {
    endpoint: '',
    async createBucket(withLock = false) {
      buckets += 1;
      const bucket = `e2e-${buckets}-${process.pid}`;
      const made = await server.request('PUT', `/${bucket}`, withLock ? { 'x-amz-bucket-object-lock-enabled': 'true' } : {});
      if (!made.ok) throw new Error(`no bucket: ${made.status} ${await made.text()}`);
      return bucket;
    },
    request: (method, path, headers = {}, body) => send(server.endpoint, method, path, headers, body),
  };
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'signwright-s3-'));
    const port = await freePort();
    const args =
      name === 'minio'
        ? ['server', directory, '--address', `127.0.0.1:${port}`, '--console-address', `127.0.0.1:${await freePort()}`, '--quiet']
        : ['-H', '127.0.0.1', '-p', String(port)];
    const root = { MINIO_ROOT_USER: CREDENTIALS.AWS_ACCESS_KEY_ID, MINIO_ROOT_PASSWORD: CREDENTIALS.AWS_SECRET_ACCESS_KEY };
    launched = await launchServer(peer(name), args, port, root);
    server.endpoint = `http://127.0.0.1:${port}`;
    // It listens before it is ready.
    for (let tries = 0; tries < 100; tries++) {
      if ((await server.request('GET', '/')).ok) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  afterAll(async () => {
    await launched?.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return server;
}

/** Signature Version 4, as "Authenticating Requests (AWS Signature Version 4)" of the Amazon S3 API Reference has it. */
function send(
  endpoint: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<Response> {
  const url = new URL(path, endpoint);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const signed: Record<string, string> = {
    host: url.host,
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    'x-amz-date': time,
    ...headers,
  };
  const names = Object.keys(signed).sort();
  const query = [...url.searchParams].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).sort();
  const canonical = [
    method,
    url.pathname,
    query.join('&'),
    ...names.map((name) => `${name}:${signed[name]}`),
    '',
    names.join(';'),
    'UNSIGNED-PAYLOAD',
  ];
  const digest = createHash('sha256').update(canonical.join('\n')).digest('hex');
  const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const key = scope.split('/').reduce(hmac, Buffer.from(`AWS4${CREDENTIALS.AWS_SECRET_ACCESS_KEY}`));
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${CREDENTIALS.AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const { host: _, ...sent } = signed;
  return fetch(url, { method, headers: { ...sent, authorization }, ...(body === undefined ? {} : { body }) });
}
