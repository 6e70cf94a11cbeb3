import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { loopbackCertificate } from '@signwright/testkit';
import { onTestFinished } from 'vitest';
import { folder, write } from './launching.ts';

type Asked = { readonly path: string; readonly headers: IncomingHttpHeaders };

/** Where a release could be downloaded from. */
export type ReleaseServer = {
  readonly url: string;
  readonly asked: Asked[];
  /** The environment in which it is trusted. */
  readonly env: Readonly<Record<string, string>>;
};

/** An https server of this machine that gives what it is told; ended when the test is over. */
export async function startReleaseServer(answer: (path: string, response: ServerResponse) => void): Promise<ReleaseServer> {
  const { ca, cert, key } = loopbackCertificate();
  const asked: Asked[] = [];
  const server = createServer({ cert, key }, ({ url: path = '', headers }, response) => {
    asked.push({ path, headers });
    answer(path, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const env = { NODE_EXTRA_CA_CERTS: write(join(folder(), 'ca.pem'), ca) };
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, asked, env };
}
