import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the fake was sent it. */
export type GitlabRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

type Reply = { readonly status: number; readonly body: unknown; readonly headers?: { readonly [name: string]: string } };
type StoredFile = { id: number; name: string; bytes: Buffer };
type StoredPackage = { id: number; name: string; version: string; files: StoredFile[] };

/**
 * A fake of GitLab, on this machine alone: what its documentation says of generic packages (PUT and GET of
 * /projects/:id/packages/generic/:name/:version/:file, `select=package_file`, duplicates allowed or not) and of the packages API
 * (GET /projects/:id/packages, /projects/:id/packages/:package_id/package_files, both paged), for one project.
 */
export type FakeGitlab = {
  readonly host: string;
  /** Everything it was asked, in order. */
  readonly asked: GitlabRequest[];
  readonly packages: StoredPackage[];
  /** Answers in the place of the fake, where it returns true. */
  fault: (asked: GitlabRequest, response: ServerResponse) => boolean;
  duplicatesAllowed: boolean;
  /** Where downloads are redirected to, as to object storage. */
  storage: string | undefined;
  close(): Promise<void>;
};

/** The project it has. */
export const GITLAB_PROJECT = 'acme/tools/app';

/** Which tokens may do what, by header and value. */
const TOKENS: readonly (readonly [header: string, value: string, may: 'write' | 'read'])[] = [
  ['job-token', 'job', 'write'],
  ['private-token', 'mine', 'write'],
  ['private-token', 'reader', 'read'],
];
const NAME = /^[A-Za-z0-9._\-+@~]+$/;
const VERSION = /^(\.?[\w+-]+\.?)+$/;

/** Starts it on a free port of the loopback, with nothing in it. */
export async function startFakeGitlab(): Promise<FakeGitlab> {
  const server = createServer((request, response) => {
    void serve(fake, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const fake: FakeGitlab = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    packages: [],
    fault: () => false,
    duplicatesAllowed: true,
    storage: undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return fake;
}

async function serve(fake: FakeGitlab, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', 'http://fake');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', headers } = request;
  const asked = { method, headers, path: url.pathname, query: url.searchParams, body: Buffer.concat(chunks) };
  fake.asked.push(asked);
  if (fake.fault(asked, response)) return;
  const { status, body, headers: more } = answer(fake, asked);
  const bytes = Buffer.isBuffer(body);
  response.writeHead(status, { 'content-type': bytes ? 'application/octet-stream' : 'application/json', ...more });
  response.end(bytes ? body : JSON.stringify(body));
}

function answer(fake: FakeGitlab, asked: GitlabRequest): Reply {
  const may = TOKENS.find(([header, value]) => asked.headers[header] === value)?.[2];
  if (may === undefined) return { status: 401, body: { message: '401 Unauthorized' } };
  const [api, v4, projects, project, packages, ...rest] = asked.path.slice(1).split('/').map(decodeURIComponent);
  if ([api, v4, projects, packages].join() !== 'api,v4,projects,packages' || project !== GITLAB_PROJECT) {
    return { status: 404, body: { message: '404 Project Not Found' } };
  }
  if (rest[0] !== 'generic') return rest.length === 0 ? list(fake, asked) : listFiles(fake, Number(rest[0]), asked);
  const [, name = '', version = '', file = ''] = rest;
  if (!NAME.test(name) || !NAME.test(file) || !VERSION.test(version)) {
    return { status: 400, body: { error: 'package_name is invalid' } };
  }
  if (asked.method === 'GET') return download(fake, name, version, file);
  return may === 'write' ? upload(fake, name, version, file, asked) : { status: 403, body: { message: '403 Forbidden' } };
}

function download(fake: FakeGitlab, name: string, version: string, file: string): Reply {
  const found = fake.packages.find((each) => each.name === name && each.version === version);
  const newest = found?.files.filter((each) => each.name === file).at(-1);
  if (newest === undefined) return { status: 404, body: { message: '404 Package Not Found' } };
  if (fake.storage === undefined) return { status: 200, body: newest.bytes };
  return { status: 302, body: '', headers: { location: `${fake.storage}/${newest.id}?signature=s` } };
}

/** The body is the file, whatever its type: GitLab's front server hands it on as it comes. */
function upload(fake: FakeGitlab, name: string, version: string, file: string, asked: GitlabRequest): Reply {
  const found = fake.packages.find((each) => each.name === name && each.version === version);
  if (!fake.duplicatesAllowed && found?.files.some((each) => each.name === file)) {
    return { status: 400, body: { message: 'Duplicate package is not allowed' } };
  }
  const stored = { id: fake.asked.length * 2, name: file, bytes: asked.body };
  if (found === undefined) fake.packages.push({ id: stored.id + 1, name, version, files: [stored] });
  else found.files.push(stored);
  if (asked.query.get('select') !== 'package_file') return { status: 201, body: { message: '201 Created' } };
  return { status: 200, body: { id: stored.id, file_name: file, size: asked.body.length, file_sha256: digestOf(asked.body) } };
}

function list(fake: FakeGitlab, asked: GitlabRequest): Reply {
  const wanted = asked.query.get('package_name') ?? '';
  const found = fake.packages.filter(({ name }) => name.includes(wanted));
  return paged(
    asked,
    found.map(({ id, name, version }) => ({ id, name, version, package_type: 'generic', status: 'default' })),
  );
}

function listFiles(fake: FakeGitlab, id: number, asked: GitlabRequest): Reply {
  const found = fake.packages.find((each) => each.id === id);
  if (found === undefined) return { status: 404, body: { message: '404 Package Not Found' } };
  return paged(
    asked,
    found.files.map(({ id: file, name, bytes }) => ({
      id: file,
      package_id: id,
      file_name: name,
      size: bytes.length,
      file_sha256: digestOf(bytes),
    })),
  );
}

function paged({ query }: GitlabRequest, entries: readonly unknown[]): Reply {
  const size = Math.min(Number(query.get('per_page') ?? 20), 100);
  const page = Number(query.get('page') ?? 1);
  const next = page * size < entries.length ? String(page + 1) : '';
  return {
    status: 200,
    body: entries.slice((page - 1) * size, page * size),
    headers: { 'x-next-page': next, 'x-total': `${entries.length}` },
  };
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
