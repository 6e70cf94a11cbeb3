import {
  issuersPathOf,
  type Json,
  type JsonObject,
  parseCertificate,
  parseTrustRoot,
  SignwrightError,
} from '@signwright/signing-core';
import { type Kind, list, readObject } from './add-to-trust-root.ts';
import { emptyIssuers, emptyTrustRoot, written } from './trust-root-file.ts';
import { replaceFile } from './write-durably.ts';

/** Which authority ends, and when. */
export type RetireFromTrustRoot = {
  /** The SHA-256 of one of its certificates, in hex; else the name of its first one, whole or its common name. */
  readonly authority: string;
  /** What it attested up to then goes on counting, and nothing after. */
  readonly until: Date;
};

const KINDS: readonly Kind[] = ['certificateAuthorities', 'timestampAuthorities'];

/** One entry of a trust root, and by what it is known. */
type Listed = { readonly kind: Kind; readonly at: number; readonly entry: JsonObject; readonly names: readonly string[] };

/**
 * Ends an authority of a trust root: sets `validFor.end`. It is never taken out, as what it attested before goes on being traced to it.
 *
 * @returns the name of the authority, and whether it was the last of its kind that goes on.
 * @throws SignwrightError `usage` for none, several, or one that ended before; `invalid-input` for a bad file, or an end before the
 * beginning; `unreachable` where the file cannot be written.
 */
export async function retireFromTrustRoot(
  path: string,
  { authority, until }: RetireFromTrustRoot,
): Promise<{ readonly name: string; readonly kind: Kind; readonly last: boolean }> {
  const root = await readObject(path, 'the trust root', emptyTrustRoot());
  const issuers = await readObject(issuersPathOf(path), 'the issuers of the trust root', emptyIssuers());
  parseTrustRoot(Buffer.from(written(root.value)), Buffer.from(written(issuers.value)), path);
  const all = KINDS.flatMap((kind) => list(root.value, kind).map((entry, at) => listed(kind, at, entry as JsonObject)));
  const { kind, at, entry, names } = oneOf(all, authority, path);
  const end = endOf(entry);
  if (end !== undefined && Date.parse(end) < until.getTime()) {
    throw new SignwrightError('usage', `"${names[0]}" ends ${end} already; an end is only brought forward`, {
      where: path,
      next: 'trust it anew by another certificate, or edit the file and have that reviewed',
    });
  }
  const retired = { ...entry, validFor: { ...(entry['validFor'] as JsonObject), end: until.toISOString() } };
  const next = { ...root.value, [kind]: list(root.value, kind).map((one, index) => (index === at ? retired : one)) };
  parseTrustRoot(Buffer.from(written(next)), Buffer.from(written(issuers.value)), path);
  await replaceFile(path, written(next));
  const last = all.every((one) => one.kind !== kind || one.at === at || endOf(one.entry) !== undefined);
  return { name: names[0] ?? '', kind, last };
}

function listed(kind: Kind, at: number, entry: JsonObject): Listed {
  const { certificates } = entry['certChain'] as { readonly certificates: readonly { readonly rawBytes: string }[] };
  const chain = certificates.map(({ rawBytes }) => parseCertificate(Buffer.from(rawBytes, 'base64')));
  const name = chain[0]?.subjectText ?? '';
  const common = /(?:^|, )CN=([^,]+)/.exec(name)?.[1] ?? name;
  return { kind, at, entry, names: [name, common, ...chain.map(({ fingerprint }) => fingerprint)] };
}

/** The end an authority has; JSON of others writes none as null, too. */
function endOf(entry: JsonObject): string | undefined {
  const end: Json | undefined = (entry['validFor'] as JsonObject)['end'];
  return typeof end === 'string' ? end : undefined;
}

function oneOf(all: readonly Listed[], wanted: string, where: string): Listed {
  const hex = wanted.replaceAll(':', '').toLowerCase();
  const found = all.filter(({ names }) => names.includes(wanted) || names.includes(hex));
  const [one, ...others] = found;
  if (one !== undefined && others.length === 0) return one;
  const known = (one === undefined ? all : found).map(({ names }) => `${JSON.stringify(names[0])} (sha256 ${names[2]})`);
  throw new SignwrightError(
    'usage',
    `${one === undefined ? 'no authority' : 'several authorities'} of the trust root: ${JSON.stringify(wanted.slice(0, 200))}`,
    { where, next: known.length === 0 ? 'it lists none' : `name it by its SHA-256: ${known.join(', ')}` },
  );
}
