import { createHash, X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { messageOf, REMOTE_DEADLINE_MS, SignwrightError } from '@signwright/signing-core';
import { callRemote } from '@signwright/transport';
import { addressOf, type IssuerOptions } from './ask-issuer.ts';

const MAX_BYTES = 65_536;

/**
 * The root certificate of a step-ca, by its digest, over TLS that nobody verifies: that root is what its TLS would be verified by, and
 * it is not known yet. So does `step ca bootstrap`: `GET /root/SHA256` sends nothing but what its caller will check, and what comes
 * back is the one document with this digest or is thrown away, whoever sent it. For nothing else: all else goes by
 * `exchange` of the transport, which verifies always, and this is why it has no such option.
 *
 * @param sha256 64 lower-case hex digits, from a source that is trusted.
 * @throws SignwrightError `verification` where another certificate came, `configuration` where there is no such root, `unreachable`.
 */
export async function fetchRootUnverified(options: IssuerOptions, sha256: string): Promise<X509Certificate> {
  const url = addressOf(options.url, `/root/${sha256}`);
  const refuse = (code: 'configuration' | 'verification', message: string, next: string): SignwrightError =>
    new SignwrightError(code, message, { where: url.host, next });
  if (url.protocol !== 'https:')
    throw refuse('configuration', 'a step-ca is asked by https alone', 'write its address as https://host');
  const { status, body } = await callRemote(
    { what: 'step-ca', where: url.host, deadlineMs: options.deadlineMs ?? REMOTE_DEADLINE_MS, signal: options.signal },
    (signal) => get(url, signal),
    (cause) => ({
      again: false,
      error: new SignwrightError('unreachable', `${url.host} was not reached: ${messageOf(cause)}`, { where: url.host, cause }),
    }),
  );
  if (status !== 200)
    throw refuse(
      'configuration',
      `step-ca has no root certificate with the fingerprint ${sha256} (status ${status})`,
      'compare the address and the fingerprint with those its operator gave',
    );
  const root = readRoot(body);
  if (root === undefined || createHash('sha256').update(root.raw).digest('hex') !== sha256)
    throw refuse(
      'verification',
      'what answered as step-ca sent another certificate than the one with that fingerprint',
      'trust nothing from there until it is known why',
    );
  return root;
}

function readRoot(body: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate((JSON.parse(body.toString('utf8')) as { ca: string }).ca);
  } catch {
    return undefined;
  }
}

function get(url: URL, signal: AbortSignal): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { signal, rejectUnauthorized: false, minVersion: 'TLSv1.2', agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_BYTES) response.destroy(new Error(`the answer is larger than ${MAX_BYTES} bytes`));
        chunks.push(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}
