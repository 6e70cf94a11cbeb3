import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { readBounded } from '@signwright/files';
import { safeJson } from '@signwright/report';
import {
  authorName,
  type Bundle,
  type Certificate,
  IN_TOTO,
  identityOf,
  MAX_BUNDLE,
  messageOf,
  parseBundle,
  parseCertificate,
  parseStatement,
  parseTrustRoot,
  Refused,
  readPublicKey,
  type SignedFile,
  SignwrightError,
  sanOf,
  type TrustedTime,
  type TrustRoot,
  verifyBundle,
} from '@signwright/signing-core';
import { printLines } from '../print-lines.ts';

const MAX_FILE = 4 * 1024 * 1024;
const WHOLE = 1024 * 1024;

/** `signwright bundle show FILE` */
export async function bundleShow(file: string): Promise<void> {
  const bundle = parseBundle(await readBounded(file, MAX_BUNDLE, 'the bundle'), file);
  process.stdout.write(safeJson({ verified: false, ...describe(bundle) }));
}

function describe(bundle: Bundle): object {
  const { content, key, timestamps, logEntries } = bundle;
  const signer = key.type === 'public-key' ? { keyHint: key.hint } : certificate(key.der);
  const common = { signer, timestamps: timestamps.length, logEntries };
  if (content.type === 'message')
    return { signs: 'a file', digest: `${content.hash}:${content.digest.toString('hex')}`, ...common };
  const { payloadType, payload } = content.envelope;
  return {
    signs: 'an envelope',
    payloadType,
    statement: payloadType === IN_TOTO ? parseStatement(payload) : undefined,
    ...common,
  };
}

function certificate(der: Buffer): object {
  const leaf = parseCertificate(der);
  return {
    ...identityIn(leaf),
    notBefore: new Date(leaf.notBefore).toISOString(),
    notAfter: new Date(leaf.notAfter).toISOString(),
  };
}

/** What it says of itself; which issuer an authority vouches for where it says none, only a trust root tells. */
function identityIn(leaf: Certificate): object {
  try {
    return identityOf(leaf);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { san: sanOf(leaf) };
  }
}

export type BundleVerifyOptions = {
  readonly bundle: string;
  readonly key?: string;
  readonly certificateIdentity?: string;
  readonly certificateOidcIssuer?: string;
  readonly trustedRoot?: string;
  readonly insecureIgnoreTlog?: true;
};

/** How far a trusted time may lie ahead of this machine's clock, in milliseconds. */
const CLOCK_SKEW = 5 * 60 * 1000;

/** `signwright bundle verify`: one bundle over one artifact, by a key or by an exact identity; no policy. */
export async function bundleVerify(artifact: string, options: BundleVerifyOptions): Promise<void> {
  checkOptions(options);
  const bundle = parseBundle(await readBounded(options.bundle, MAX_BUNDLE, 'the bundle'), options.bundle);
  const { key, trustedRoot } = options;
  const pinned =
    key === undefined ? undefined : readPublicKey((await readBounded(key, MAX_FILE, 'the public key')).toString('utf8'), key);
  const root =
    trustedRoot === undefined
      ? undefined
      : parseTrustRoot(await readBounded(trustedRoot, MAX_FILE, 'the trusted root'), undefined, trustedRoot);
  if ((bundle.key.type === 'public-key') !== (pinned !== undefined)) {
    throw new Refused(
      'key-not-listed',
      pinned
        ? 'the bundle carries a certificate, and --key asks for a bare key'
        : 'the bundle is signed by a bare key, and no --key is given',
    );
  }
  checkLogged(bundle, root, options);
  const file = await signedFile(artifact);
  const verified = await verifyBundle(bundle, { ...(root ? { root } : {}), keyFor: () => pinned, file });
  await checkSubject(bundle, file);
  const { author, times, development } = verified;
  checkTimes(times);
  if (author.type === 'certificate') checkIdentity(author, options);
  const who = author.type === 'certificate' ? `${author.san} (${author.issuer})` : `the ${authorName(author)}`;
  const when = times[0]
    ? ` at ${new Date(times[0].at).toISOString()}, as ${times[0].authority} attests`
    : ', at a time nobody attests';
  const trial = 'development: it rests on a trial root, which proves nothing to others';
  printLines([`verified: signed by ${who}${when}`, ...(development ? [trial] : [])]);
}

function checkOptions({ key, certificateIdentity, certificateOidcIssuer, trustedRoot }: BundleVerifyOptions): void {
  const byCertificate = certificateIdentity !== undefined || certificateOidcIssuer !== undefined;
  if (key !== undefined && byCertificate)
    throw new SignwrightError('usage', '--key and --certificate-… ask for two different signers', { next: 'give one of them' });
  if (key !== undefined) return;
  if (certificateIdentity === undefined || certificateOidcIssuer === undefined || trustedRoot === undefined) {
    throw new SignwrightError('usage', 'nothing says who must have signed', {
      next: 'give --key PEM, or --certificate-identity, --certificate-oidc-issuer and --trusted-root',
    });
  }
}

function checkIdentity(author: { readonly san: string; readonly issuer: string }, options: BundleVerifyOptions): void {
  const { certificateIdentity, certificateOidcIssuer } = options;
  if (author.san !== certificateIdentity)
    throw new Refused('identity-mismatch', `the certificate is of ${author.san}, not ${certificateIdentity}`);
  if (author.issuer !== certificateOidcIssuer)
    throw new Refused('identity-mismatch', `the certificate's issuer is ${author.issuer}, not ${certificateOidcIssuer}`);
}

/** Where the trusted root lists transparency logs, a bundle without an entry may have been stripped of it. */
function checkLogged(bundle: Bundle, root: TrustRoot | undefined, { insecureIgnoreTlog }: BundleVerifyOptions): void {
  if (!root || root.logs === 0 || bundle.logEntries > 0 || insecureIgnoreTlog) return;
  throw new Refused(
    'bad-signature',
    'the trusted root lists transparency logs, and the bundle carries no entry of any: have it logged, or say that you do without (--insecure-ignore-tlog)',
  );
}

function checkTimes(times: readonly TrustedTime[]): void {
  const ahead = times.find(({ at }) => at > Date.now() + CLOCK_SKEW);
  if (ahead) {
    throw new Refused(
      'after-moment',
      `it was timestamped ${new Date(ahead.at).toISOString()}, which is still to come: is this machine's clock slow?`,
    );
  }
}

/** A statement must be about the artifact; a file signature is over it already. */
async function checkSubject({ content }: Bundle, file: SignedFile): Promise<void> {
  if (content.type === 'message') return;
  const { payloadType, payload } = content.envelope;
  if (payloadType !== IN_TOTO) {
    const found = JSON.stringify(payloadType.slice(0, 100));
    throw new Refused('malformed', `the envelope holds ${found}, which is no statement about an artifact (${IN_TOTO})`);
  }
  const digest =
    'message' in file ? createHash('sha256').update(file.message).digest() : Buffer.from(await file.digest('sha256'));
  const hex = digest.toString('hex');
  if (!parseStatement(payload).subject.some((subject) => subject.sha256 === hex)) {
    throw new Refused('wrong-subject', `the statement is not about this artifact (sha256:${hex})`);
  }
}

async function signedFile(artifact: string): Promise<SignedFile> {
  const digest = /^sha256:([0-9a-f]{64})$/.exec(artifact)?.[1];
  if (digest !== undefined) {
    return {
      async digest(hash) {
        if (hash === 'sha256') return Buffer.from(digest, 'hex');
        throw new SignwrightError('usage', `the bundle signs a ${hash} digest, and sha256:… is given`, { next: 'give the file' });
      },
    };
  }
  const found = await stat(artifact).catch((cause: unknown) => {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new SignwrightError('usage', missing ? 'there is no such file' : `the artifact cannot be read: ${messageOf(cause)}`, {
      where: artifact,
      next: 'give the file, or sha256: and 64 hex digits',
      cause,
    });
  });
  if (!found.isFile()) throw new SignwrightError('usage', 'this is no file', { where: artifact });
  if (found.size <= WHOLE) return { message: await readBounded(artifact, WHOLE, 'the artifact') };
  return { digest: (hash) => hashWith(hash, artifact) };
}

async function hashWith(hash: string, file: string): Promise<Buffer> {
  const state = createHash(hash);
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: WHOLE })) state.update(chunk as Buffer);
  } catch (cause) {
    throw new SignwrightError('configuration', `the artifact cannot be read: ${messageOf(cause)}`, { where: file, cause });
  }
  return state.digest();
}
