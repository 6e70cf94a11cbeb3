import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';

/** A fault for the requests whose path and query match. `dropped`: done, but never answered; `cut`: not even done. */
export type Fault = { readonly of: RegExp; readonly what: 'dropped' | 'cut' | 'hangs' | 'breaks' | 'redirects' };

/** Bare repositories under a directory, by smart http on loopback, as forges serve them: for a token alone. */
export type GitServer = {
  readonly origin: string;
  /** Bytes of all answers. */
  sent(): number;
  /** Requests that carried credentials, by path and query. */
  readonly requests: string[];
  /** User and token that may push, and those that may read only. */
  readonly users: { write: string; read: string };
  fault: Fault | undefined;
  close(): Promise<void>;
};

/** Makes an empty bare repository; `filter`: it sends single objects, as GitLab and GitHub do. */
export function makeRepository(path: string, filter = true): void {
  execFileSync('git', ['init', '--quiet', '--bare', path]);
  execFileSync('git', ['-C', path, 'config', 'uploadpack.allowFilter', String(filter)]);
}

export async function startGitServer(root: string): Promise<GitServer> {
  let sent = 0;
  const backends = new Set<ChildProcess>();
  const server = createServer((request, response) => {
    const write = response.write.bind(response) as (chunk: Buffer) => boolean;
    response.write = ((chunk: Buffer) => {
      sent += chunk.length;
      return write(chunk);
    }) as typeof response.write;
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };

  const git: GitServer = {
    origin: `http://127.0.0.1:${port}`,
    sent: () => sent,
    requests: [],
    users: { write: 'gitlab-ci-token:job-secret', read: 'reader:read-secret' },
    fault: undefined,
    async close(): Promise<void> {
      for (const backend of backends) backend.kill('SIGKILL');
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/';
    const credentials = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
    if (credentials !== '') git.requests.push(`${request.method} ${target} ${credentials}`);
    const fault = git.fault?.of.test(`${request.method} ${target}`) === true ? git.fault.what : undefined;
    if (fault === 'hangs') return;
    if (fault === 'cut') return void request.socket.destroy();
    if (fault === 'breaks') return end(response, 503);
    if (fault === 'redirects') return end(response, 301, { location: `http://localhost:${port}${target}` });
    if (![git.users.write, git.users.read].includes(credentials)) {
      return end(response, 401, { 'www-authenticate': 'Basic realm="git"' });
    }
    if (credentials !== git.users.write && target.includes('receive-pack')) return end(response, 403);
    const backend = startBackend(root, request, credentials.split(':')[0] as string);
    backends.add(backend);
    const output = await outputOf(backend, request);
    backends.delete(backend);
    if (fault === 'dropped') return void request.socket.destroy();
    respond(response, output);
  }

  return git;
}

/** Answers one request to bare repositories below `root`, to anybody. */
export async function serveGit(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  respond(response, await outputOf(startBackend(root, request, ''), request));
}

/** What a program says to a request. */
async function outputOf(backend: ChildProcess, request: IncomingMessage): Promise<Buffer> {
  request.pipe(backend.stdin!);
  backend.stdin!.on('error', () => undefined);
  const output: Buffer[] = [];
  backend.stdout!.on('data', (chunk: Buffer) => output.push(chunk));
  await once(backend, 'close');
  return Buffer.concat(output);
}

function end(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end();
}

function startBackend(root: string, request: IncomingMessage, user: string): ChildProcess {
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  const { headers } = request;
  return spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      PATH_TRANSLATED: join(root, path),
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      REMOTE_USER: user,
      CONTENT_TYPE: headers['content-type'],
      ...(headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: headers['content-length'] }),
      HTTP_CONTENT_ENCODING: headers['content-encoding'],
      GIT_PROTOCOL: headers['git-protocol'] as string | undefined,
    },
  });
}

/** Turns what a CGI program wrote (RFC 3875) into the answer. */
function respond(response: ServerResponse, output: Buffer): void {
  const blank = output.indexOf('\r\n\r\n');
  let status = 200;
  for (const line of output.toString('latin1', 0, blank).split('\r\n')) {
    const [name = '', value = ''] = line.split(/: (.*)/s);
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.statusCode = status;
  response.write(output.subarray(blank + 4));
  response.end();
}
