import {
  type ApprovalRecord,
  type EvidenceItem,
  keyOfPerson,
  type RecordBase,
  type RecordedArtifact,
  type Sha256,
  SignwrightError,
  writeReceipt,
  writeSliced,
} from '@signwright/signing-core';
import { auditDefinition, checkLasting, logKeyHere, openLog, openLogStore } from '../context/open-log.ts';
import { runContext } from '../context/run-context.ts';
import { tolerant } from '../records/run-recorder.ts';
import type { Speaking } from './publish-statement.ts';
import type { SignedAsPerson } from './sign-as-person.ts';

/** What a record says of a person's statement beside who made it and when. */
export type ToRecord = {
  readonly said: ApprovalRecord['said'];
  readonly request: Sha256;
  readonly environment: string;
  readonly artifacts: readonly RecordedArtifact[];
  readonly about?: readonly string[];
  /** Whether any of the artifacts' tiers may not do without a record, wants one, or asks for none. */
  readonly audit: 'required' | 'best-effort' | undefined;
};

/**
 * Records that a person said something, before it is published: in a segment that the person seals, or the log's own key where it is
 * here.
 *
 * @returns what is to be kept beside the statement: the proof, or the receipt it can be had for.
 */
export async function recordPerson(
  signed: SignedAsPerson,
  { audit, ...record }: ToRecord,
  speaking: Speaking,
): Promise<EvidenceItem[]> {
  if (audit === undefined) return [];
  return appendAsPerson(signed, audit === 'required', speaking, (said) => writeSliced({ ...record, ...said, event: 'approval' }));
}

/** What every record of a person's statement says, beside what it is about. */
type SaidByPerson = Omit<RecordBase, 'request' | 'environment'> &
  Pick<ApprovalRecord, 'person' | 'key' | 'signature' | 'evidence' | 'signed'>;

/**
 * Appends records of a person's statement to the policy's log.
 *
 * @returns what is to be kept beside the statement: the proof, or the receipt it can be had for.
 */
export async function appendAsPerson(
  { verified, signature }: SignedAsPerson,
  required: boolean,
  { open, person, timestamps, note }: Omit<Speaking, 'store'>,
  write: (said: SaidByPerson) => Uint8Array[],
): Promise<EvidenceItem[]> {
  const definition = auditDefinition(open);
  if (required) checkLasting(open, definition);
  const written = await tolerant(required, note, async () => {
    const store = await openLogStore(open, definition);
    const logKey = await logKeyHere(open, definition);
    if (!logKey) refuseAddress(verified);
    const author = async () => (logKey ? { signer: logKey } : { ...person.by, timestamps });
    const log = await openLog(open, definition, store, { ...(logKey ? { logKey } : {}), author });
    const { host, address } = runContext(undefined);
    const { name, digest } = open.policy;
    const records = write({
      time: new Date().toISOString(),
      requester: { asserted: {} },
      policy: { ...(name === undefined ? {} : { name }), digest },
      host,
      ...(address === undefined ? {} : { address }),
      person: person.person.id,
      key: keyOfPerson(verified.author),
      signature,
      evidence: verified.evidence,
      signed: new Date(verified.time.at).toISOString(),
    });
    const [receipt] = await log.append(records);
    if (logKey && store.transactions === undefined) await log.publish();
    return receipt && { receipt, proof: await log.prove(receipt) };
  });
  if (!written) return [];
  const { receipt, proof } = written;
  const evidence = proof ?? writeReceipt({ ...receipt, evidence: verified.evidence });
  return [{ evidence, subjects: [verified.evidence] }];
}

/**
 * Without the log's key the person seals the segment, and the seal carries their certificate: a log is never erased, so no e-mail
 * address may be in it.
 */
function refuseAddress({ author }: SignedAsPerson['verified']): void {
  if (author.type !== 'certificate' || ![author.san, author.claims.subject].some((name) => name?.includes('@'))) return;
  throw new SignwrightError(
    'configuration',
    'the record would put the e-mail address in your certificate into the log, for ever',
    {
      next: "nothing was published; sign with an SSH key, or where the log's key is: then the log's key seals the record, which names you as the policy does",
    },
  );
}

/** Whether any of these demands may not do without a record, wants one, or asks for none. */
export function strictestAudit(demands: readonly { readonly audit?: 'required' | 'best-effort' }[]): ToRecord['audit'] {
  const audits = demands.map(({ audit }) => audit);
  return audits.includes('required') ? 'required' : audits.includes('best-effort') ? 'best-effort' : undefined;
}
