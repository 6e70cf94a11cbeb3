import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the drill serves on this machine, for the time of the drill. */
export type Loopback = {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** A port of this machine where nobody listens. */
  readonly closed: string;
  /** The types of the events that were told to the webhook. */
  readonly told: readonly string[];
  close(): Promise<void>;
};

const MAX_BODY = 1024 * 1024;

type Stamp = (request: Uint8Array) => Promise<Uint8Array>;

/**
 * Serves timestamps (`/timestamp/N`, and of some time ago `/earlier`), a webhook (`/webhook`), and a store that is full (any other path,
 * as S3 answers).
 */
export async function startLoopback(stamp: Stamp, stampEarlier: Stamp): Promise<Loopback> {
  const told: string[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const path = request.url ?? '/';
    if (path.startsWith('/timestamp/') || path === '/earlier') {
      const stamped = await (path === '/earlier' ? stampEarlier : stamp)(body);
      response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(stamped);
    } else if (path === '/webhook') {
      told.push(typeIn(body));
      response.writeHead(204).end();
    } else {
      fullStore(request, response);
    }
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.writeHead(400).end());
  });
  const origin = await listen(server);
  const unused = createServer();
  const closed = await listen(unused);
  await close(unused);
  return { origin, closed, told, close: () => close(server) };
}

const EMPTY =
  '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>';

/** There is nothing to read, and no room to write. */
function fullStore({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const writes = method === 'PUT' || method === 'POST';
  const lists = !writes && /[?&]list-type=2/.test(url);
  const code = writes ? 'XMinioStorageFull' : 'NoSuchKey';
  const error = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>the drill's store is full</Message></Error>`;
  response.writeHead(lists ? 200 : writes ? 507 : 404, { 'content-type': 'application/xml' });
  response.end(method === 'HEAD' ? undefined : lists ? EMPTY : error);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Error('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function typeIn(body: Buffer): string {
  try {
    const { type } = JSON.parse(body.toString('utf8')) as { type?: unknown };
    return typeof type === 'string' ? type : 'unknown';
  } catch {
    return 'unknown';
  }
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function close(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
