import { SignwrightError } from '@signwright/signing-core';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { messageWithPlace } from '../exit.ts';
import { printNote } from '../print-lines.ts';
import { noteGate } from '../requests/gates.ts';
import type { Seen } from './result.ts';

/**
 * Keeps with each request that this job waits for it, so that whoever approves last is shown where to have it run again. Where that
 * cannot be kept, the job waits all the same.
 *
 * @param evidence the store the job was told; empty where the policy names it.
 */
export async function keepGate({ open, requests }: Seen, url: string | undefined, evidence: string): Promise<void> {
  if (open === undefined || url === undefined || requests.length === 0) return;
  try {
    const store = await openEvidence(evidencePlace(open, evidence === '' ? undefined : evidence), open);
    for (const request of requests) await noteGate(store, { request, url });
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    printNote(`whoever approves last is not shown this job: ${messageWithPlace(error)}`);
  }
}
