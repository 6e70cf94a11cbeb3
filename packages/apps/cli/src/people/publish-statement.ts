import type { EvidenceBatches, Sha256, TimestampAuthority } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { retainedFor } from '../context/retained-for.ts';
import type { PersonKey } from './person-key.ts';
import { recordPerson, type ToRecord } from './record-person.ts';
import { type SignedAsPerson, signAsPerson } from './sign-as-person.ts';

/** What a person's word needs to become evidence. */
export type Speaking = {
  readonly open: OpenPolicy;
  readonly person: PersonKey;
  readonly timestamps: TimestampAuthority;
  readonly store: EvidenceBatches;
  readonly note: (line: string) => void;
};

/**
 * Signs a person's statement → timestamps → verifies → records → publishes it under what it is about.
 *
 * @param retain for how many seconds it is to be kept at the least.
 */
export async function publishStatement(
  payload: Buffer,
  predicateType: string,
  subjects: readonly Sha256[],
  record: ToRecord,
  speaking: Speaking,
  retain = 0,
): Promise<SignedAsPerson> {
  const signed = await signAsPerson(payload, predicateType, speaking.person, speaking);
  const records = await recordPerson(signed, record, speaking);
  const until = retain === 0 ? {} : { retainUntil: retainedFor(retain) };
  const items = [{ evidence: signed.bytes, subjects: [...new Set(subjects)] }, ...records];
  await speaking.store.putAll(items.map((item) => ({ ...item, ...until })));
  return signed;
}
