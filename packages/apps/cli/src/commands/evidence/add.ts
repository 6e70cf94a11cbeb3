import { readBounded } from '@signwright/files';
import { safeJson } from '@signwright/report';
import {
  authorName,
  MAX_BUNDLE,
  type Refusal,
  type Sha256,
  SignwrightError,
  sha256,
  type Verified,
  type VerifiedStatement,
  type VerifiedVendor,
  verifyEvidence,
  verifyVendor,
} from '@signwright/signing-core';
import { evidenceTrust } from '../../context/evidence-trust.ts';
import { evidencePlace, openEvidence } from '../../context/open-evidence.ts';
import { type OpenPolicy, openPolicy } from '../../context/open-policy.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';
import { counted, type StoreOptions } from './evidence-in-hand.ts';

export type EvidenceAddOptions = StoreOptions & { readonly output: 'text' | 'json' };

type Added = { readonly file: string; readonly id: Sha256; readonly by: string; readonly about: readonly Sha256[] };

/**
 * `signwright evidence add BUNDLE…`: a vendor's signature, or an attestation somebody else made, into the policy's store. What holds
 * under no trust root of the policy is refused: it could prove nothing.
 */
export async function evidenceAdd(files: readonly string[], options: EvidenceAddOptions): Promise<number> {
  const open = await openPolicy(options, new Date());
  const pieces = [];
  for (const file of files) {
    const bytes = await readBounded(file, MAX_BUNDLE, 'the bundle');
    pieces.push({ bytes, added: await checked(file, bytes, open) });
  }
  const place = evidencePlace(open, options.evidence);
  const store = await openEvidence(place, open);
  await store.putAll(pieces.map(({ bytes, added }) => ({ evidence: bytes, subjects: added.about })));
  const all = pieces.map(({ added }) => added);
  if (options.output === 'json') process.stdout.write(safeJson({ version: 1, store: place.reference, added: all }));
  else
    printLines(
      all.map(
        ({ file, id, by, about }) => `${file} → ${place.reference}: ${id}, by ${by}, about ${counted(about.length, 'artifact')}`,
      ),
    );
  return EXIT.allow;
}

async function checked(file: string, bytes: Uint8Array, open: OpenPolicy): Promise<Added> {
  const id = sha256(bytes);
  const own = await verifyEvidence(id, bytes, evidenceTrust(open));
  const vendors = [...open.policy.vendors.values()].map(({ rule }) => verifyVendor(id, bytes, rule));
  const found: readonly (Verified | VerifiedStatement | VerifiedVendor | Refusal)[] = [own, ...(await Promise.all(vendors))];
  const held = found.filter((one): one is Exclude<typeof one, Refusal> => !('code' in one));
  const [first] = held;
  if (first === undefined)
    throw nobodys(
      file,
      found.filter((one): one is Refusal => 'code' in one),
      open,
    );
  const about = new Set(held.flatMap((one) => [...('part' in one ? one.byDigest.keys() : one.digests)]));
  return { file, id, by: authorName(first.author), about: [...about].sort() };
}

function nobodys(file: string, refused: readonly Refusal[], { policy }: OpenPolicy): SignwrightError {
  const roots = ["the policy's trust root", ...policy.vendors.keys()];
  const reasons = refused.map(({ message }, at) => `\n  ${roots[at]}: ${message}`).join('');
  return new SignwrightError('verification', `it holds under no trust root of the policy, so it proves nothing:${reasons}`, {
    where: file,
    next: 'nothing was added; add the bundle its maker published, and name the maker under "identities" in the policy',
  });
}
