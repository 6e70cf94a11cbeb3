import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What can befall a platform that is asked about people. */
export type PlatformFault =
  /** Requests are taken and never answered. */
  | 'silent'
  /** An answer without end. */
  | 'huge'
  | 'broken'
  | 'throttled'
  /** A page in place of an answer. */
  | 'a page'
  /** JSON of another shape. */
  | 'another shape'
  | 'unauthorized'
  | 'forbidden'
  | 'missing'
  /** Sends elsewhere, to one who notes what comes. */
  | 'elsewhere';

export type PlatformRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export type PlatformReply = {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: { readonly [name: string]: string };
};

/** A platform on this machine alone, with faults. */
export type FakePlatform = {
  readonly host: string;
  /** Everything it was asked, in order. */
  readonly asked: PlatformRequest[];
  /** Tokens that came to where `elsewhere` sends. */
  readonly leaked: string[];
  fault: PlatformFault | undefined;
  close(): Promise<void>;
};

/** What every answer of a fault says, so that a message that repeats it is seen. */
export const SAID_BY_FAULT = 'said-by-the-platform';

/**
 * Starts a server on a free port of the loopback.
 *
 * @param answer what it says; nothing is a 404.
 */
export async function startFakePlatform(answer: (request: PlatformRequest) => PlatformReply | undefined): Promise<FakePlatform> {
  const [elsewhere, server] = [createServer(), createServer()];
  elsewhere.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { authorization, 'private-token': token } = request.headers;
    platform.leaked.push(...[authorization, token].flat().filter((each) => each !== undefined));
    response.end('{}');
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void serve(platform, answer, hostOf(elsewhere), request, response).catch((error: unknown) =>
      response.destroy(error as Error),
    );
  });
  for (const each of [elsewhere, server]) await new Promise<void>((resolve) => void each.listen(0, '127.0.0.1', resolve));
  const platform: FakePlatform = {
    host: hostOf(server),
    asked: [],
    leaked: [],
    fault: undefined,
    async close() {
      for (const each of [elsewhere, server]) {
        each.closeAllConnections();
        await new Promise<void>((resolve) => void each.close(() => resolve()));
      }
    },
  };
  return platform;
}

function hostOf(server: ReturnType<typeof createServer>): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(
  platform: FakePlatform,
  answer: (request: PlatformRequest) => PlatformReply | undefined,
  elsewhere: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(incoming.url ?? '', 'http://fake');
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = '', headers } = incoming;
  const body = Buffer.concat(chunks).toString('utf8');
  const request = { method, headers, path: decodeURIComponent(url.pathname), query: url.searchParams, body };
  platform.asked.push(request);
  if (platform.fault !== undefined) return fail(platform.fault, elsewhere, headers, response);
  const { status = 200, body: said, headers: more } = answer(request) ?? { status: 404, body: { message: 'Not Found' } };
  response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(said));
}

const STATUS = { broken: 500, throttled: 429, unauthorized: 401, forbidden: 403, missing: 404 } as const;

function fail(fault: PlatformFault, elsewhere: string, headers: IncomingHttpHeaders, response: ServerResponse): void {
  // A service that echoes what it was sent is the worst one.
  const said = `${SAID_BY_FAULT} ${headers.authorization ?? ''} ${headers['private-token']?.toString() ?? ''}`;
  switch (fault) {
    case 'silent':
      return;
    case 'huge': {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(1024 * 1024, '['), more);
      };
      more();
      return;
    }
    case 'a page':
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<html>${said}</html>`);
      return;
    case 'another shape':
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ [SAID_BY_FAULT]: [[said]] }));
      return;
    case 'elsewhere':
      response.writeHead(302, { location: `http://${elsewhere}/` }).end();
      return;
    default:
      if (STATUS[fault] >= 429) response.setHeader('retry-after', '0');
      response.writeHead(STATUS[fault], { 'content-type': 'text/plain' }).end(said);
  }
}
