import type { SignerDefinition } from '@signwright/policy';
import type { DrillReport } from '@signwright/report';
import { hexOf, prepareStatement, type Sha256, SignwrightError, signStatement, writeStatement } from '@signwright/signing-core';
import { systemClock } from '../context/clock.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { Run } from '../context/run.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { openSigningRun } from '../signing/open-signing-run.ts';

/** The predicate type of a signed report of a drill; its subject is the policy, by its digest. */
const DRILL = 'https://signwright.dev/drill/v1';

export type SignReportOptions = PassphraseOptions & { readonly signer: string; readonly evidence?: string; readonly keep?: true };

/**
 * Signs a report as a signer of the real policy: the only thing of a drill that touches one of its keys, and only when that is asked for.
 *
 * @returns the bundle, and its digest.
 */
export async function signReport(
  open: OpenPolicy,
  report: DrillReport,
  options: SignReportOptions,
  run: Run,
  note: (line: string) => void,
): Promise<{ readonly bytes: Uint8Array; readonly evidence: Sha256 }> {
  const definition = signerOf(open, options.signer);
  const signing = await openSigningRun(open, options, run, note);
  const { name, digest } = report.policy;
  const payload = writeStatement({
    predicateType: DRILL,
    subject: [{ name: name ?? report.policy.file, sha256: hexOf(digest as Sha256) }],
    predicate: report,
  });
  const signer = await signing.signers.of(definition);
  const { rule } = definition;
  const { timestamps, trust } = signing;
  const prepared = await prepareStatement(() => payload, { signer, rule, timestamps, trust, clock: systemClock });
  const { bytes, evidence } = await signStatement(prepared);
  if (options.keep) {
    const store = await openEvidence(evidencePlace(open, options.evidence), open);
    await store.put(bytes, [digest as Sha256]);
  }
  return { bytes, evidence };
}

/** @throws SignwrightError `usage` where the policy has no such signer; said before anything is rehearsed. */
export function signerOf({ policy, file }: OpenPolicy, id: string): SignerDefinition {
  const definition = policy.signers.get(id);
  if (definition !== undefined) return definition;
  throw new SignwrightError('usage', `the policy has no signer ${JSON.stringify(id)} to sign the report as`, {
    where: file,
    next: `name one of ${[...policy.signers.keys()].join(', ') || 'its signers: it has none'}`,
  });
}
