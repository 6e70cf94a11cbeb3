import type { FoundCertificate } from '@signwright/certificates';
import { inParallel, kindOf, messageOf, parseBundle, SignwrightError } from '@signwright/signing-core';
import { evidencePlace, openKeptEvidence } from '../context/open-evidence.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { FoundIn } from './find-in-files.ts';

const PIECES_AT_ONCE = 4;

/**
 * Finds the certificates that signed what is in an evidence store: of every bundle the leaf.
 *
 * @param named the store; the policy's where it is not named.
 * @throws SignwrightError `configuration` where the store cannot be listed as a whole; `unreachable`; `cancelled`.
 */
export async function findInEvidence(open: OpenPolicy, named: string | undefined, signal: AbortSignal): Promise<FoundIn> {
  const { evidence, blobs, place } = await openKeptEvidence(evidencePlace(open, named), open.policy.evidence?.lock);
  if (blobs === undefined)
    throw new SignwrightError('configuration', `${place.reference} cannot be listed as a whole`, {
      next: 'copy its evidence ("signwright evidence pull") and look there (--evidence DIRECTORY)',
    });
  const { surveyEvidence } = await import('@signwright/evidence');
  const { readFacts } = await import('@signwright/certificates');
  const unread: string[] = [];
  const seen = new Map<string, FoundCertificate>();
  await inParallel(await surveyEvidence(blobs), PIECES_AT_ONCE, async ({ id, subjects }) => {
    if (signal.aborted) throw new SignwrightError('cancelled', 'stopped while evidence was looked through');
    try {
      const bytes = await evidence.get(id);
      if (kindOf(bytes) !== 'bundle') return;
      const { key } = parseBundle(bytes);
      if (key.type !== 'certificate') return;
      const { facts, ...use } = readFacts(key.der, `the certificate in ${id}`);
      seen.set(facts.digest, { facts, found: 'evidence', place: place.reference, ...use });
    } catch (error) {
      if (!(error instanceof SignwrightError)) throw error;
      // What a run that was stopped was about to put is neither listed nor there.
      if (subjects > 0 || error.code !== 'unreachable') unread.push(messageOf(error));
    }
  });
  return { found: [...seen.values()], unread };
}
