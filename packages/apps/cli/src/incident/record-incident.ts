import {
  type EvidenceBatches,
  type EvidenceStore,
  INCIDENT,
  type Incident,
  incidentId,
  isMember,
  MAX_NAMED,
  personOf,
  type Sha256,
  SignwrightError,
  sha256,
  verifyEvidence,
  whyNotTheirs,
  withoutEmail,
  writeIncident,
  writeRecord,
} from '@signwright/signing-core';
import { evidenceTrust } from '../context/evidence-trust.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { Speaking } from '../people/publish-statement.ts';
import { appendAsPerson } from '../people/record-person.ts';
import { signAsPerson } from '../people/sign-as-person.ts';
import { type Affected, listOf } from './affected.ts';

/** What the record is to say, beside who says it, when and of what. */
export type ToSay = Pick<Incident, 'what' | 'id' | 'since' | 'until' | 'why' | 'revoked' | 'edits'>;

/** A record that is there already and says as much. */
export type Recorded = { readonly evidence: Sha256; readonly person: string };

/**
 * Looks in the evidence for a record of this incident by somebody of the role that names the same list and the same certificates, and
 * cuts off as much.
 */
export async function findRecord(
  open: OpenPolicy,
  store: EvidenceStore,
  affected: Affected,
  say: ToSay,
): Promise<Recorded | undefined> {
  const list = sha256(listOf(affected));
  const trust = evidenceTrust(open);
  const id = incidentId(say);
  for (const one of (await store.list([id])).get(id) ?? []) {
    const found = incidentIn(open, await verifyEvidence(one, await store.get(one), trust));
    if (found === undefined || found.affected.list !== list) continue;
    const { revoked, edits, person } = found;
    if (covers(revoked.map(nameOf), say.revoked.map(nameOf)) && covers(edits.map(placeOf), say.edits.map(placeOf)))
      return { evidence: one, person };
  }
  return undefined;
}

/** The incident, where whoever signed it was of the role and used a key that counted. */
function incidentIn({ policy }: OpenPolicy, verified: Awaited<ReturnType<typeof verifyEvidence>>): Incident | undefined {
  if (!('said' in verified) || verified.said.type !== 'incident') return undefined;
  const { author, time, said } = verified;
  const person = personOf(author, policy.people.values());
  const role = policy.incident?.role;
  const counts = person && role && isMember(role, person.id, time.at) && whyNotTheirs(author, time, person) === undefined;
  return counts ? said.incident : undefined;
}

function covers(has: readonly string[], wanted: readonly string[]): boolean {
  const known = new Set(has);
  return wanted.every((one) => known.has(one));
}

function nameOf({ serial, authority, digest }: Incident['revoked'][number]): string {
  return `${authority ?? ''} ${serial} ${digest ?? ''}`;
}

function placeOf({ file, at }: Incident['edits'][number]): string {
  return `${file} ${at}`;
}

/**
 * Signs the record of an incident → keeps the list of what is affected → records it in the log → keeps it as evidence, under the
 * incident and the artifacts it names.
 *
 * @throws SignwrightError as the person's key, the log and the stores do.
 */
export async function recordIncident(
  affected: Affected,
  say: ToSay,
  speaking: Omit<Speaking, 'store'> & { readonly store: EvidenceBatches },
): Promise<Sha256> {
  const { open, person, store } = speaking;
  const { policy } = open;
  const list = listOf(affected);
  const named = affected.artifacts.slice(0, MAX_NAMED);
  const incident: Incident = {
    ...say,
    person: person.person.id,
    given: new Date().toISOString(),
    affected: { artifacts: affected.artifacts.length, signatures: affected.signatures.length, list: sha256(list) },
    policy: { ...(policy.name === undefined ? {} : { name: policy.name }), digest: policy.digest },
  };
  const signed = await signAsPerson(writeIncident(incident, named), INCIDENT, person, speaking);
  const id = incidentId(say);
  await store.putAll([{ evidence: list, subjects: [id] }]);
  const { what, id: of, since, until, why } = say;
  const compromise = {
    what,
    ...(of === undefined ? {} : { id: of }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
  const about = { ...compromise, reason: withoutEmail(why), list: incident.affected.list };
  const proofs =
    policy.audit === undefined
      ? []
      : await appendAsPerson(signed, true, speaking, (said) => [
          writeRecord({ ...said, ...about, event: 'incident', request: id, environment: ALL }),
        ]);
  await store.putAll([{ evidence: signed.bytes, subjects: [id, ...named.map(({ digest }) => digest)] }, ...proofs]);
  return signed.evidence;
}

/** An incident is of no environment alone; none is called so. */
const ALL = '*';

/** @throws SignwrightError `denied` where what this person signs now would not count, or is to be cut off by this very run. */
export function checkOwnKey({ person, where }: Speaking['person'], compromised: string | undefined): void {
  const refuse = (why: string): never => {
    throw new SignwrightError('denied', `${person.id} cannot sign the record of it: ${why}`, {
      where,
      next: 'nothing was changed; use another key of yours (--my-key), or have somebody else of the role do it',
    });
  };
  if (compromised === where) refuse('that is the key that is compromised');
  const mine = person.keys.filter(({ fingerprint }) => fingerprint === where);
  const why =
    mine.length === 0
      ? undefined
      : whyNotTheirs({ type: 'ssh', fingerprint: where }, { at: Date.now(), authority: '', development: false }, person);
  if (why !== undefined) refuse(why.message);
}
