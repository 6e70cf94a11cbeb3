import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a fake S3 is told to do with a request, in place of answering it. */
export type S3Fault =
  /** Says nothing, ever. */
  | 'hang'
  /** Closes the connection, having done nothing. */
  | 'drop'
  /** Does what was asked, and closes the connection in place of saying so. */
  | 'drop after'
  /** Closes the connection halfway through the body. */
  | 'cut short'
  /** Sends the body a byte at a time, and never comes to its end. */
  | 'drip'
  /** Does not tell the body's length. */
  | 'without length'
  /** Writes, whatever the condition. */
  | 'ignore conditions'
  | { status: number; code?: string; message?: string; headers?: Readonly<Record<string, string>> };

export type S3Request = { method: string; key: string; headers: IncomingMessage['headers'] };

export type FakeS3 = {
  readonly endpoint: string;
  /** Every request, in order. */
  readonly requests: readonly S3Request[];
  /** Asked of each request, with its number from 0; `undefined` lets it be answered. */
  fault: (request: S3Request, number: number) => S3Fault | undefined;
  /** Writes as another writer does, whatever is there. */
  write(key: string, bytes: Uint8Array): void;
  close(): Promise<void>;
};

type Stored = { bytes: Buffer; etag: string; metadata: Record<string, string> };

/**
 * A FAKE that follows the wire format of GetObject, HeadObject and PutObject in the Amazon S3 API Reference, with conditional writes,
 * for what real servers will not do on demand. It checks no signature, and is no evidence that anything works on S3.
 */
export async function startFakeS3(): Promise<FakeS3> {
  const stored = new Map<string, Stored>();
  const requests: S3Request[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const asked = { method: request.method ?? '', key: keyOf(request), headers: request.headers };
      const fault = fake.fault(asked, requests.push(asked) - 1);
      if (fault === 'hang') return;
      if (fault === 'drop') response.destroy();
      else if (typeof fault === 'object') refuse(response, asked, fault);
      else if (asked.method === 'PUT') answerPut(stored, asked, body, response, fault);
      else answerRead(stored, asked, response, fault);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeS3 = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    fault: () => undefined,
    write: (key, bytes) => {
      store(stored, key, Buffer.from(bytes), {});
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

function answerPut(stored: Map<string, Stored>, asked: S3Request, body: Buffer, response: ServerResponse, fault?: S3Fault): void {
  const { key, headers } = asked;
  const broken = fault === 'ignore conditions' ? undefined : brokenCondition(stored.get(key), headers);
  if (broken !== undefined) {
    refuse(response, asked, broken);
    return;
  }
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-')) as [string, string][];
  const object = store(stored, key, body, Object.fromEntries(metadata));
  if (fault === 'drop after') response.destroy();
  else response.writeHead(200, { etag: object.etag }).end();
}

function brokenCondition(found: Stored | undefined, headers: S3Request['headers']): (S3Fault & object) | undefined {
  const failed = { status: 412, code: 'PreconditionFailed' };
  if (headers['if-none-match'] === '*' && found !== undefined) return failed;
  if (headers['if-match'] === undefined) return undefined;
  if (found === undefined) return { status: 404, code: 'NoSuchKey' };
  return headers['if-match'] === found.etag ? undefined : failed;
}

function answerRead(stored: Map<string, Stored>, asked: S3Request, response: ServerResponse, fault?: S3Fault): void {
  const found = stored.get(asked.key);
  if (found === undefined) {
    refuse(response, asked, { status: 404, code: 'NoSuchKey' });
    return;
  }
  const { bytes, etag, metadata } = found;
  const length = fault === 'drip' || fault === 'without length' ? {} : { 'content-length': bytes.length };
  response.writeHead(200, { etag, ...length, ...metadata });
  if (asked.method === 'HEAD') response.end();
  else if (fault === 'cut short')
    response.write(bytes.subarray(0, bytes.length / 2), () => setTimeout(() => response.destroy(), 20));
  else if (fault === 'drip') {
    const drip = setInterval(() => response.write(bytes.subarray(0, 1)), 20);
    response.on('close', () => clearInterval(drip));
  } else response.end(bytes);
}

function store(stored: Map<string, Stored>, key: string, bytes: Buffer, metadata: Stored['metadata']): Stored {
  const object = { bytes, etag: `"${createHash('md5').update(bytes).digest('hex')}"`, metadata };
  stored.set(key, object);
  return object;
}

/** The error of S3's REST API: XML, or nothing at all to HEAD. */
function refuse(
  response: ServerResponse,
  { method, key }: S3Request,
  { status, code, message = 'as told', headers = {} }: S3Fault & object,
): void {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><Key>${key}</Key></Error>`;
  const body = method === 'HEAD' || code === undefined ? '' : xml;
  response.writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': 'FAKE0123', ...headers }).end(body);
}

function keyOf(request: IncomingMessage): string {
  return decodeURIComponent(new URL(request.url ?? '', 'http://fake').pathname.slice(1));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
