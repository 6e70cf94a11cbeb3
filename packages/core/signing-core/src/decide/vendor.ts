import { compileGlob } from '../formats/glob.ts';
import { isoTime } from '../formats/iso-time.ts';
import type { VendorRequirement } from '../requirement.ts';
import type { Outcome, Refusal } from '../verdict.ts';
import type { VerifiedVendor } from '../verify-vendor.ts';
import { type DecisionContext, whyNotNow } from './context.ts';
import { inDoubt } from './doubt.ts';

/**
 * Decides whether a vendor signed the artifact: under the vendor's own trust root, with the issuer exactly and a name that matches.
 */
export function decideVendor({ id, layer, identity }: VendorRequirement, context: DecisionContext): Outcome {
  const refused: Refusal[] = [];
  const counted: VerifiedVendor[] = [];
  for (const one of context.vendors ?? []) {
    if (one.vendor !== identity.id) continue;
    if ('code' in one) {
      const { evidence, code, message } = one;
      refused.push({ evidence, code, message });
      continue;
    }
    const why = whyNotCounted(one, identity, context);
    if (why) refused.push({ evidence: one.evidence, ...why });
    else counted.push(one);
  }
  refused.sort((a, b) => (a.evidence < b.evidence ? -1 : 1));
  counted.sort(
    (a, b) =>
      inDoubt(a) - inDoubt(b) ||
      Number(a.development) - Number(b.development) ||
      a.time.at - b.time.at ||
      (a.evidence < b.evidence ? -1 : 1),
  );
  const base = { requirement: id, layer, evidence: [], refused };
  const [first] = counted;
  if (first !== undefined) {
    const { author, time, evidence } = first;
    const message = `signed by ${author.san} at ${isoTime(time.at)}, as ${time.authority} attests`;
    return { ...base, refused: [], status: 'met', code: 'signature-verified', message, evidence: [evidence] };
  }
  const next = {
    text: `put the bundle that ${identity.id} signed it with into the evidence store, and verify again`,
    command: 'signwright evidence add BUNDLE',
  };
  if (context.unreachable !== undefined)
    return { ...base, status: 'inconclusive', code: 'evidence-unreachable', message: context.unreachable, next };
  return refused.length === 0
    ? { ...base, status: 'unmet', code: 'no-signature', message: `no signature by ${identity.id} was found`, next }
    : {
        ...base,
        status: 'unmet',
        code: 'signatures-refused',
        message: `no signature by ${identity.id} counts: ${refused.length} found and refused`,
        next,
      };
}

function whyNotCounted(
  one: VerifiedVendor,
  { issuer, subject }: VendorRequirement['identity'],
  context: DecisionContext,
): Omit<Refusal, 'evidence'> | undefined {
  const { author, digests } = one;
  if (!digests.has(context.artifact.digest)) return { code: 'wrong-subject', message: 'it signs other bytes' };
  if (author.issuer !== issuer)
    return { code: 'identity-mismatch', message: `it is by ${author.san} of the issuer ${author.issuer}, not ${issuer}` };
  if (!compileGlob(subject)(author.san)) return { code: 'identity-mismatch', message: `it is by ${author.san}, not ${subject}` };
  return whyNotNow(one, context);
}
