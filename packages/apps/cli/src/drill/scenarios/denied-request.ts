import { cp, rm } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { inferKind, resolveArtifact } from '@signwright/policy';
import { requirementsOf, sha256 } from '@signwright/signing-core';
import { seatApprovers } from '../approvers.ts';
import { Observations, type Rehearsal, type Scenario, timed } from '../scenario.ts';
import { nameFor } from '../subjects.ts';

/** What the policy or a person says no to. */
export const deniedRequest: Scenario = {
  id: 'denied-request',
  title: 'a rejection, an artifact that no rule lists, one that is never signed',
  async run(rehearsal) {
    const seen = new Observations();
    await rejected(rehearsal, seen);
    await unlisted(rehearsal, seen);
    await never(rehearsal, seen);
    return seen.result();
  },
};

async function rejected({ released, shadow }: Rehearsal, seen: Observations): Promise<void> {
  const motion = await released('rejected');
  const { requirements } = await motion.required();
  if (requirementsOf(requirements, 'approval').length === 0) return;
  const seat = seatApprovers(requirements, shadow.clock.now().getTime()).find(({ person }) => (person?.keys.length ?? 0) > 0);
  if (seat === undefined) return;
  const request = await motion.request();
  const said = await motion.approve(request, seat, {}, '--reject', '--reason', 'a drill');
  seen.holds('whoever may approve may reject', `exit code ${said.exit}`, said.exit === 0);
  await motion.settle();
  seen.refused('what somebody rejected may not go', await motion.verify(), [1], ['rejected']);

  // Whoever can write to the store puts back what lay there before the rejection: the log still knows of it.
  const good = await released('before-rejection');
  await rm(good.workspace.path('log'), { recursive: true, force: true });
  await cp(motion.workspace.path('log'), good.workspace.path('log'), { recursive: true });
  seen.refused('nor where the rejection was taken out of the store', await good.verify(), [1, 3]);

  const [judged, ms] = await timed(async () => {
    await motion.approve(request, seat, {}, '--withdraw');
    // Timestamps are in whole seconds, and of what somebody says within one the most careful counts.
    await wait(1000);
    await motion.collect();
    await motion.approveAll(request);
    await motion.settle();
    return motion.verify();
  });
  seen.allowed('once it is taken back and approved, it may go', judged, ms);
}

const STRANGE = ['drill-unlisted/nothing.bin', 'nothing-lists-this', 'registry.signwright.invalid/drill/unlisted'];

async function unlisted({ fresh, subject }: Rehearsal, seen: Observations): Promise<void> {
  const motion = await fresh('unlisted');
  const policy = await motion.policy();
  const where = subject.environment === undefined ? {} : { environment: subject.environment };
  const name = STRANGE.find(
    (one) => resolveArtifact(policy, { name: one, kind: inferKind(one), ...where }).status === 'unlisted',
  );
  if (name === undefined) {
    seen.finds('a rule matches whatever there is: nothing is unlisted, so nothing is refused for that');
    return;
  }
  await refuse(motion, name, 'what no rule lists is not', subject.environment, seen);
}

async function never({ fresh, subject }: Rehearsal, seen: Observations): Promise<void> {
  const motion = await fresh('never');
  const policy = await motion.policy();
  const where = subject.environment === undefined ? {} : { environment: subject.environment };
  const names = policy.layers.flatMap(({ rules }) =>
    rules.flatMap(({ target, reference }) => ('sign' in target ? reference.match.map((pattern) => nameFor(pattern)) : [])),
  );
  const name = names.find((one) => resolveArtifact(policy, { name: one, ...where }).status === 'never');
  if (name !== undefined) await refuse(motion, name, 'what is never signed is not', subject.environment, seen);
}

async function refuse(
  { workspace }: Awaited<ReturnType<Rehearsal['fresh']>>,
  name: string,
  what: string,
  environment: string | undefined,
  seen: Observations,
): Promise<void> {
  const about = ['--digest', sha256(name), '--name', name, ...(environment === undefined ? [] : ['--environment', environment])];
  seen.refused(`${what} signed`, await workspace.run(['sign', '--no-sidecars', ...about]), [1, 2]);
  seen.refused(`${what} released`, await workspace.run(['verify', ...about]), [1]);
}
