import type { InventoryEntry } from '@signwright/certificates';
import { type CertificateProfile, shownPolicy } from '@signwright/policy';
import { messageOf, SignwrightError, shellWord } from '@signwright/signing-core';
import { readHeld } from '../certificates/held.ts';
import { heldDirectories } from '../certificates/held-directories.ts';
import { issueAndHold, proveJob } from '../certificates/issue-to-job.ts';
import { openDesk } from '../certificates/open-desk.ts';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { Run } from '../context/run.ts';
import type { Scope } from './scope.ts';

/** What whoever goes on does for a new certificate. */
export type Reissue = {
  readonly profile: string;
  readonly requester: string;
  /** How many of theirs were revoked. */
  readonly revoked: number;
  /** Commands, in their order; none where none would count. */
  readonly commands: readonly string[];
  /** Where it is said to whom the commands are, or why there are none. */
  readonly note: string;
  /** The directory here that holds one of those that were revoked. */
  readonly held?: string;
};

/** Plans new certificates in place of those that were revoked: one for each profile and requester that the policy still names. */
export async function planReissue(open: OpenPolicy, scope: Scope, revoked: readonly InventoryEntry[]): Promise<Reissue[]> {
  const { certificates } = open.policy;
  if (certificates === undefined) return [];
  const groups = new Map<string, InventoryEntry[]>();
  for (const entry of revoked.filter(({ renewedBy }) => renewedBy === undefined)) {
    const group = JSON.stringify([entry.profile, entry.requester]);
    groups.set(group, [...(groups.get(group) ?? []), entry]);
  }
  const held = await heldHere(open);
  return [...groups.values()].flatMap((entries): Reissue[] => {
    const [{ profile: id = '', requester = '' } = {}] = entries;
    const profile = certificates.profiles.get(id);
    if (profile === undefined || requester === '') return [];
    const directory = entries.map(({ digest }) => held.get(digest ?? '')).find((one) => one !== undefined);
    return [
      {
        profile: id,
        requester,
        revoked: entries.length,
        ...commandsOf(open, profile, requester, scope, directory),
        ...(directory === undefined ? {} : { held: directory }),
      },
    ];
  });
}

/** The certificates this machine holds, by their digests. */
async function heldHere(open: OpenPolicy): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { directory, profile } of await heldDirectories(open)) {
    const { leaf } = await readHeld(directory, `signwright cert issue --profile ${profile}`);
    found.set(`sha256:${leaf.fingerprint}`, directory);
  }
  return found;
}

function commandsOf(
  { file }: OpenPolicy,
  { id, workloads }: CertificateProfile,
  requester: string,
  { compromise, until }: Scope,
  directory: string | undefined,
): Pick<Reissue, 'commands' | 'note'> {
  if (compromise.what === 'workload' && compromise.id === requester && (until === undefined || until > Date.now()))
    return {
      commands: [],
      note: `what ${requester} signs does not count yet: give its "compromised" an "until" first, once it is safe`,
    };
  const policy = `--policy ${shellWord(shownPolicy(file))}`;
  if (workloads.some((workload) => workload.id === requester)) {
    const where = directory === undefined ? '' : ` --directory ${shellWord(directory)}`;
    return {
      commands: [`signwright cert issue ${policy} --profile ${id}${where}`],
      note: `in a job of ${requester}, which makes a new key`,
    };
  }
  const [key, request] = [`${id}-${requester}.key`, `${id}-${requester}.request.json`];
  return {
    commands: [
      `signwright cert request ${policy} --profile ${id} --new-key ${shellWord(key)} --out ${shellWord(request)}`,
      `signwright cert approve ${policy} ${shellWord(request)}`,
      `signwright cert issue ${policy} --profile ${id} --request ${shellWord(request)} --out ${shellWord(`${id}-${requester}.pem`)}`,
    ],
    note: `${requester} asks; where the profile wants it somebody else approves; whoever has the CA's key issues`,
  };
}

/** What came of issuing anew what is held here. */
export type Reissued = { readonly profile: string; readonly directory: string; readonly failed?: string };

/** Issues anew, with a fresh key each, what this machine holds for its own job. */
export async function reissueHere(
  open: OpenPolicy,
  planned: readonly Reissue[],
  run: Run,
  options: { readonly policy: string; readonly anchor?: string },
): Promise<Reissued[]> {
  const done: Reissued[] = [];
  for (const { profile: id, held: directory, commands } of planned) {
    const profile = open.policy.certificates?.profiles.get(id);
    if (directory === undefined || profile === undefined || commands.length === 0) continue;
    try {
      const desk = await openDesk(options, run);
      await issueAndHold({ profile, directory, proof: await proveJob(profile, undefined, desk) }, desk);
      done.push({ profile: id, directory });
    } catch (error) {
      if (!(error instanceof SignwrightError) || error.code === 'cancelled') throw error;
      done.push({ profile: id, directory, failed: messageOf(error) });
    }
  }
  return done;
}
