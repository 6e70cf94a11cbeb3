import { refuseUnenforced, unenforcedInRun } from '@signwright/policy';
import {
  parseSha256,
  personOf,
  REVIEW,
  requestId,
  type Sha256,
  SignwrightError,
  type VerifiedStatement,
  verifyEvidence,
  type Waiver,
  writeReview,
} from '@signwright/signing-core';
import { evidenceTrust } from '../context/evidence-trust.ts';
import { evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy, trustRootOf } from '../context/open-policy.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import type { Run } from '../context/run.ts';
import { EXIT } from '../exit.ts';
import { checkReason } from '../people/check-reason.ts';
import { confirm } from '../people/confirm.ts';
import { openPerson, type PersonOptions } from '../people/person-key.ts';
import { publishStatement } from '../people/publish-statement.ts';
import { printLines, printNote } from '../print-lines.ts';

export type ReviewOptions = PersonOptions & {
  readonly policy: string;
  readonly anchor?: string;
  readonly evidence?: string;
  readonly reason: string;
  readonly yes?: true;
  readonly quiet?: true;
};

type Broken = { readonly evidence: Sha256; readonly waiver: Waiver; readonly by: string; readonly subjects: readonly Sha256[] };

/** `signwright review`: signs that somebody else than who broke the glass looked into why; verdicts are marked until then. */
export async function review(ids: string[], options: ReviewOptions, run: Run): Promise<number> {
  checkReason(options.reason);
  const open = await openPolicy(options, new Date());
  refuseUnenforced(unenforcedInRun(open.policy));
  const note = (line: string): void => {
    if (!options.quiet) printNote(line);
  };
  const store = await openEvidence(evidencePlace(open, options.evidence), open);
  const broken: Broken[] = [];
  for (const id of ids) broken.push(brokenBy(open, await verifiedOf(open, store, parseSha256(id))));
  const person = await openPerson(open, options, run.signal);
  const own = broken.find(({ by }) => by === person.person.id);
  if (own) {
    throw new SignwrightError('denied', `${person.person.id} broke the glass, so somebody else must review it`, {
      next: 'nothing was signed',
    });
  }
  for (const { evidence, waiver, by } of broken)
    printLines([
      `${evidence}: ${by} broke the glass in ${waiver.environment} until ${waiver.expires}`,
      `  because: ${waiver.reason}`,
    ]);
  await confirm(`${person.person.id} (${person.where}): reviewed?`, options.yes ?? false, run.signal);

  const { policy } = open;
  const waivers = broken.map(({ evidence }) => evidence);
  const named = { ...(policy.name === undefined ? {} : { name: policy.name }), digest: policy.digest };
  const environment = broken[0]?.waiver.environment ?? 'default';
  const record = {
    said: 'review',
    request: requestId({ artifacts: waivers.map((name) => ({ name })), environment }),
    environment,
    artifacts: [],
    about: waivers,
    audit: policy.audit === undefined ? undefined : 'required',
  } as const;
  const payload = writeReview({
    person: person.person.id,
    given: new Date().toISOString(),
    waivers,
    reason: options.reason,
    policy: named,
  });
  const speaking = { open, person, timestamps: await openTimestamps(open, trustRootOf(open, note), note), store, note };
  const subjects = broken.flatMap((one) => [one.evidence, ...one.subjects]);
  const signed = await publishStatement(payload, REVIEW, subjects, record, speaking);
  printLines([`${person.person.id} reviewed it: evidence ${signed.evidence}`]);
  return EXIT.allow;
}

async function verifiedOf(
  open: OpenPolicy,
  store: { get(id: Sha256): Promise<Uint8Array> },
  id: Sha256,
): Promise<VerifiedStatement> {
  const verified = await verifyEvidence(id, await store.get(id), evidenceTrust(open));
  if ('said' in verified) return verified;
  const why = 'code' in verified ? verified.message : 'it is a release part';
  throw new SignwrightError('verification', `${id} is no waiver that holds: ${why}`, { where: open.file });
}

function brokenBy({ policy }: OpenPolicy, { evidence, said, author, digests }: VerifiedStatement): Broken {
  if (said.type === 'waiver' && said.waiver.breakGlass) {
    const by = personOf(author, policy.people.values())?.id ?? said.waiver.person;
    return { evidence, waiver: said.waiver, by, subjects: [...digests] };
  }
  throw new SignwrightError('usage', `${evidence} broke no glass`, {
    next: 'only what broke the glass is reviewed; verdicts name it',
  });
}
