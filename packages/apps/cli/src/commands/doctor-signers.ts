import { createHash, randomBytes } from 'node:crypto';
import type { SignerDefinition } from '@signwright/policy';
import {
  algorithmsOf,
  type CiJob,
  keyIdOf,
  parseCertificate,
  preparePart,
  SIGNATURE_ALGORITHMS,
  type Signer,
  SignwrightError,
  sha256,
  signPart,
  verifyMessage,
} from '@signwright/signing-core';
import { systemClock } from '../context/clock.ts';
import { evidenceTrust } from '../context/evidence-trust.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import type { Choice } from '../context/signers/choices.ts';
import { checkMaySign } from '../context/signers/may-sign.ts';

/** What was found, or why it was not tried. */
export type Found = string | { readonly skipped: string };
/** One thing that is tried. */
export type Check = { readonly what: string; run(): Promise<Found> };

/** Each thing a signer can sign with is tried, whether or not it comes first. */
export function signerChecks(
  open: OpenPolicy,
  definition: SignerDefinition,
  choices: readonly Choice[],
  job: CiJob | undefined,
): Check[] {
  const { id, where, keys } = definition;
  if (choices.length === 0) {
    const none = new SignwrightError('configuration', 'none of its keys counts now', {
      where,
      next: 'look at from, until and compromised-since of its keys',
    });
    return [{ what: `signer ${id}`, run: async () => Promise.reject(none) }];
  }
  return choices.map((choice) => ({
    what: `signer ${id}, ${choice.reference}${choice.experimental ? ' (experimental)' : ''}`,
    run: async () => {
      if (job?.planOnly !== undefined) return { skipped: `this is ${job.planOnly}, which may plan and never sign` };
      if (choice.remote && choice.kind === 'certificate' && job === undefined)
        return { skipped: 'it certifies jobs of a CI, and this is none' };
      if (job !== undefined) checkMaySign(definition, job);
      return tried(open, definition, choice).catch((error: unknown) => {
        if (!leadsToSuccessor(error, choice, keys)) throw error;
        return {
          skipped: `another of its keys is behind the reference now; what this one signed counts until ${choice.until?.toISOString()}`,
        };
      });
    },
  }));
}

/** While both keys of a rotation count, the alias leads to the new one. */
function leadsToSuccessor(error: unknown, { until }: Choice, keys: SignerDefinition['keys']): boolean {
  if (until === undefined || !(error instanceof SignwrightError) || error.code !== 'configuration') return false;
  return keys.filter(({ rule }) => error.message.includes(rule.keyId)).length > 1;
}

/** Signs throw-away bytes; with a certificate, also what decides, which is verified as a release would be. */
async function tried(open: OpenPolicy, definition: SignerDefinition, choice: Choice): Promise<string> {
  const started = performance.now();
  const signer = await choice.open();
  const opened = performance.now();
  const key = await signer.publicKey();
  const [algorithm] = algorithmsOf(key);
  const message = randomBytes(32);
  const digest = createHash(SIGNATURE_ALGORITHMS[algorithm].hash).update(message).digest();
  const signature = await signer.sign({ algorithm, digest, message });
  const took = `opened in ${Math.round(opened - started)} ms, signed in ${Math.round(performance.now() - opened)} ms`;
  if (!verifyMessage(key, signature, message))
    throw new SignwrightError('verification', 'what it signed does not verify by its own public key', { next: 'do not use it' });
  const certificate = await signer.certificate();
  if (certificate) await signThrowAway(open, definition, signer);
  const ends = certificate ? new Date(parseCertificate(certificate).notAfter) : choice.until;
  const expiry = ends === undefined ? '' : `, ${certificate ? 'its certificate ends' : 'counts until'} ${ends.toISOString()}`;
  const used = certificate && choice.remote ? "; the job's ID token was used: some CAs take it once" : '';
  return `reached and permitted: ${took}; ${algorithm}, key ${keyIdOf(key)}${expiry}${used}`;
}

/** A release part about nothing: it verifies where trust root, issuers and workloads take what this signer signs. It is kept nowhere. */
async function signThrowAway(open: OpenPolicy, { id, rule }: SignerDefinition, signer: Signer): Promise<void> {
  if (!open.trustRoot) throw new SignwrightError('policy', 'without a trust root no certificate counts');
  const nothing = { name: 'doctor', kind: 'file' as const, digest: sha256(randomBytes(32)), requirements: sha256('doctor') };
  const part = { artifacts: [nothing], environment: 'default', signer: id, policy: { digest: open.policy.digest }, asserted: {} };
  const timestamps = await openTimestamps(open, open.trustRoot, () => undefined);
  await signPart(await preparePart(part, { signer, rule, timestamps, trust: evidenceTrust(open), clock: systemClock }));
}
