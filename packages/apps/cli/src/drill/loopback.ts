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
  /** How often something was to be written to the full store. */
  readonly refusedWrites: () => number;
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
  let refused = 0;
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
      if (request.method === 'PUT' || request.method === 'POST') refused += 1;
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
  return { origin, closed, told, refusedWrites: () => refused, close: () => close(server) };
}

/** There is nothing to read, and no room to write. */
function fullStore({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const xml = (status: number, code: string): void => {
    const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>the drill's store is full</Message></Error>`;
    response.writeHead(status, { 'content-type': 'application/xml' }).end(method === 'HEAD' ? undefined : body);
  };
  if (method === 'PUT' || method === 'POST') return xml(507, 'XMinioStorageFull');
  if (!/[?&]list-type=2/.test(url)) return xml(404, 'NoSuchKey');
  const empty =
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>';
  response.writeHead(200, { 'content-type': 'application/xml' }).end(empty);
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
