import {
  type Instant,
  messageOf,
  type PolicyEdition,
  parseTrustRoot,
  SignwrightError,
  verifyPolicySignature,
  type Who,
  whoText,
} from '@signwright/signing-core';
import { baseSigners } from '../base-signers.ts';
import { checkSpan } from '../check-span.ts';
import type { Extends, PolicyFile } from '../generated/policy-file.ts';
import { problemAt, type Source, warningAt } from '../parse/source.ts';
import type { FileReader, Layer, SignedEdition, TrustRootFile } from '../policy.ts';
import type { Problem } from '../problem.ts';
import type { ReferredFiles } from './referred-files.ts';

/** What came of the signature of a base: an edition that somebody vouches for, or what is wrong. */
export type CheckedBase = { readonly edition?: SignedEdition; readonly problems: readonly Problem[] };

/** The file of a policy's signature, beside the policy. */
export function signatureOf(path: string): string {
  return `${path}.sigstore.json`;
}

/**
 * Verifies that the identity a file names has signed the edition of the base that was loaded, and that it is the policy meant: of
 * that name, not older than it may be.
 *
 * @param path of the base, as the reader knows it.
 */
export async function checkBaseSignature(
  { content, source }: { readonly content: PolicyFile; readonly source: Source },
  base: Layer,
  path: string,
  files: ReferredFiles,
  read: FileReader,
): Promise<CheckedBase> {
  const written = content.extends;
  const signers = baseSigners(written).flatMap(({ by, ...span }): NamedSigner[] => {
    const identity = content.identities?.[by];
    const root = identity === undefined ? undefined : files.roots.get(identity.root);
    if (identity === undefined || root === undefined) return [];
    return [{ ...span, who: { issuer: identity.issuer, subject: identity.subject }, root }];
  });
  // What is missing here is a problem of the file, which its checks name.
  if (written === undefined || signers.length === 0 || signers.length < baseSigners(written).length) return { problems: [] };
  const refuse = (message: string): CheckedBase => ({ problems: [problemAt(source, ['extends', 'signed-by'], message)] });
  const edition = editionOf(base, written);
  if (typeof edition === 'string') return refuse(edition);
  const where = base.source.file;
  const names = signers.map(({ who }) => whoText(who)).join(' or ');
  const reasons: string[] = [];
  try {
    const bytes = await read(signatureOf(path));
    for (const signer of signers) {
      const { who, root } = signer;
      try {
        const trusted = parseTrustRoot(root.root, root.issuers, root.path);
        const { at, development } = await verifyPolicySignature(bytes, edition, who, trusted);
        checkSpan(signer, at);
        const trial = warningAt(source, ['extends', 'signed-by'], `the signature of ${where} rests on a trial trust root`);
        const others = signers.filter((one) => one !== signer).map((one) => ({ who: one.who, root: one.root.wholeDigest }));
        const signed = { ...edition, who, root: root.wholeDigest, where, ...(others.length === 0 ? {} : { others }) };
        return { edition: signed, problems: development ? [trial] : [] };
      } catch (error) {
        reasons.push(refusalOf(error));
      }
    }
  } catch (error) {
    reasons.push(refusalOf(error));
  }
  return refuse(`${where} must be signed by ${names}: ${[...new Set(reasons)].join('; ')}`);
}

type NamedSigner = { readonly from?: Instant; readonly until?: Instant; readonly who: Who; readonly root: TrustRootFile };

/** @throws what is no word on the signature. */
function refusalOf(error: unknown): string {
  if (!(error instanceof SignwrightError) || error.code === 'unreachable' || error.code === 'cancelled') throw error;
  return messageOf(error);
}

/** The edition a base is, or why it is none that can be held against a signature. */
function editionOf({ content, digest, source }: Layer, written: Extends): PolicyEdition | string {
  const { name, serial } = content;
  const least = written['min-serial'] ?? 0;
  if (name === undefined || serial === undefined)
    return `${source.file} has no ${name === undefined ? 'name' : 'serial'}, so no edition of it can be told from another`;
  if (name !== written.name) return `${source.file} is the policy ${name}, not ${written.name ?? 'one with a name'}`;
  if (serial < least) return `${source.file} has the serial ${serial}, and ${least} at least is wanted: it is an older edition`;
  return { name, serial, digest };
}
