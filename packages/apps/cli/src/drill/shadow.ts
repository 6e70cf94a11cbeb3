import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Policy } from '@signwright/policy';
import { requirementsOf, SignwrightError } from '@signwright/signing-core';
import { CLOCK_FILE, clockFrom, type DrillClock } from './clock.ts';
import { goodTime } from './good-time.ts';
import { type Loopback, startLoopback } from './loopback.ts';
import { layerFile, shadowLayers } from './shadow-policy.ts';
import { makeStandIns } from './stand-ins.ts';
import type { Subject } from './subjects.ts';
import { writeTrialCrl } from './trial-crl.ts';
import { type Workspace, workspaceIn } from './workspace.ts';

/** The shadow of a policy, for one artifact. */
export type Shadow = {
  readonly workspace: Workspace;
  readonly clock: DrillClock;
  readonly loopback: Loopback;
  readonly witnesses: readonly { readonly name: string; readonly key: string }[];
  remove(): Promise<void>;
};

const SECRET_ENV = 'SIGNWRIGHT_DRILL_WEBHOOK';
const DAY = 24 * 3600 * 1000;

/** How long ago the timestamps of `/earlier` say it was: longer than the certificates of the drill live. */
export const EARLIER_MS: number = 2 * 3600 * 1000;

/**
 * Makes the shadow of a policy in a temporary directory that is its owner's alone: a trust domain, keys for signers, people, the log and
 * its witnesses, and the policy with these for its own.
 *
 * @throws SignwrightError `policy` where it can never be released, or the shadow is no valid policy.
 */
export async function createShadow(policy: Policy, subject: Subject, signal: AbortSignal): Promise<Shadow> {
  const start = goodTime(subject.required.requirements, Date.now());
  if (start === undefined) {
    throw new SignwrightError(
      'policy',
      `${subject.required.tiers.join(' + ')}: its windows and freezes leave no time to release in`,
      {
        next: 'change the windows or freezes of the tier',
      },
    );
  }
  const clock = clockFrom(Math.abs(start - Date.now()) < 1000 ? Date.now() : start);
  const root = await mkdtemp(join(tmpdir(), 'signwright-drill-'));
  let loopback: Loopback | undefined;
  const remove = async (): Promise<void> => {
    await loopback?.close();
    await rm(root, { recursive: true, force: true });
  };
  try {
    const directory = join(root, 'shadow');
    await mkdir(directory, { mode: 0o700 });
    const { createTrialDomain, TRIAL_ISSUER } = await import('@signwright/certificates');
    const { createTrialTimestampResponder } = await import('@signwright/timestamp');
    const domain = await createTrialDomain(join(directory, 'trial'), { now: new Date(clock.now().getTime() - 30 * DAY) });
    const authority = await domain.timestampAuthority();
    const earlier = { now: () => new Date(clock.now().getTime() - EARLIER_MS) };
    loopback = await startLoopback(
      createTrialTimestampResponder(authority, clock),
      createTrialTimestampResponder(authority, earlier),
    );
    const people = peopleIn(subject);
    const making = makeStandIns(directory, { origin: loopback.origin, issuer: TRIAL_ISSUER, secretEnv: SECRET_ENV, people });
    const layers = shadowLayers(
      policy.layers.map(({ content }) => content),
      making.standIns,
    );
    await making.write();
    await mkdir(join(directory, 'evidence'), { mode: 0o700 });
    if (asksRevocation(policy)) await writeTrialCrl(directory, clock.now());
    const clockFile = join(root, 'clock.cjs');
    await writeFile(clockFile, CLOCK_FILE);
    const env = environment();
    const workspace = workspaceIn(directory, layers, { clock, clockFile, env, signal });
    await workspace.write().catch((cause: unknown) => {
      throw asShadow(cause, layerFile(layers.length - 1, layers.length));
    });
    return { workspace, clock, loopback, witnesses: making.witnesses, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Whether verifiers by this policy ask what was revoked. */
export function asksRevocation({ trust }: Policy): boolean {
  return trust?.revocation !== undefined && trust.revocation.mode !== 'off';
}

/** Nothing of the real environment but where programs are: no token, no credential, no address of anything. */
function environment(): Record<string, string> {
  const { PATH = '', SystemRoot, TMPDIR } = process.env;
  return {
    PATH,
    NO_COLOR: '1',
    [SECRET_ENV]: `whsec_${Buffer.alloc(32, 'drill').toString('base64')}`,
    // Credentials of nobody: what they are for listens on this machine, or does not.
    AWS_ACCESS_KEY_ID: 'drill',
    AWS_SECRET_ACCESS_KEY: 'drill',
    AWS_MAX_ATTEMPTS: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(SystemRoot === undefined ? {} : { SystemRoot }),
    ...(TMPDIR === undefined ? {} : { TMPDIR }),
  };
}

/** All who may approve it. */
function peopleIn({ required }: Subject): ReadonlySet<string> {
  const roles = requirementsOf(required.requirements, 'approval').map(({ role }) => role);
  return new Set(roles.flatMap(({ members }) => members.map(({ person }) => person.id)));
}

function asShadow(cause: unknown, file: string): unknown {
  if (!(cause instanceof SignwrightError)) return cause;
  return new SignwrightError(
    'policy',
    `the policy cannot be rehearsed: with the drill's identities it does not hold: ${cause.message}`,
    {
      where: file,
      cause,
    },
  );
}
