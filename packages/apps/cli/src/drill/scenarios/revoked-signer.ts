import type { SignerDefinition } from '@signwright/policy';
import { requirementsOf } from '@signwright/signing-core';
import { writeKeyPair } from '../stand-ins.ts';
import { Observations, REFUSED_SIGNATURE, type Rehearsal, type Scenario, timed } from '../scenario.ts';

const HOUR = 3600 * 1000;
/** Certificates that live no longer are left to expire, as those of a Fulcio. */
const SHORT_SECONDS = 24 * 3600;

/** A key is in other hands, or a certificate was revoked. */
export const revokedSigner: Scenario = {
  id: 'revoked-signer',
  title: 'a signer’s key is compromised, or its certificate revoked',
  async run(rehearsal) {
    const seen = new Observations();
    const { requirements } = rehearsal.subject.required;
    const signers = requirementsOf(requirements, 'signature').flatMap(({ signer }) => rehearsal.policy.signers.get(signer.id) ?? []);
    for (const signer of signers) {
      if (signer.certificate === undefined) await compromised(rehearsal, seen, signer);
      else revocable(rehearsal, seen, signer);
    }
    return seen.result();
  },
};

/** Says in the policy that the key was in other hands before the release was signed. */
async function compromised({ released, shadow }: Rehearsal, seen: Observations, { id }: SignerDefinition): Promise<void> {
  const motion = await released(`compromised-${id}`);
  const { workspace } = motion;
  const since = new Date(shadow.clock.now().getTime() - HOUR).toISOString();
  await workspace.write(({ signers }) => {
    for (const key of signers?.[id]?.keys ?? []) key['compromised-since'] = since;
  });
  seen.refused(`what ${id} signed with a key that is compromised since does not count`, await motion.verify(), [1], REFUSED_SIGNATURE);
  seen.refused(`nobody signs as ${id} with it any more`, (await motion.sign({ only: id, env: {} }))[0] ?? NOTHING, [1, 2]);

  const file = `keys/${id}-new`;
  await writeKeyPair(workspace.path(file));
  const [judged, ms] = await timed(async () => {
    await workspace.write(({ signers }) => {
      const signer = signers?.[id];
      if (signer?.keys === undefined) return;
      for (const key of signer.keys) key['compromised-since'] = since;
      signer.keys.push({ ref: `${file}.pem`, 'public-key': `${file}.pub` });
    });
    return motion.release();
  });
  seen.allowed(`signed again with a new key of ${id}, it may go`, judged, ms);
}

/** Whether anybody would notice that a certificate of this signer's CA was revoked. */
function revocable({ policy }: Rehearsal, seen: Observations, { id, certificate }: SignerDefinition): void {
  const { revocation } = policy.trust ?? {};
  if (revocation !== undefined && revocation.mode !== 'off') return;
  const validity = validityOf(policy, certificate);
  if (validity !== undefined && validity <= SHORT_SECONDS) {
    seen.holds(
      `certificates of ${id} can be revoked, or live a day at the most`,
      `its CA issues them for ${validity} s at the most`,
      true,
    );
    return;
  }
  seen.lacks(
    `nothing here would notice a revoked certificate of ${id}: the policy has no trust.revocation, and does not know how long its CA's certificates live`,
  );
}

/** Seconds a certificate lives at the most, where the kind of CA or the policy settles that. */
function validityOf(policy: Rehearsal['policy'], certificate: SignerDefinition['certificate']): number | undefined {
  switch (certificate?.type) {
    case 'fulcio':
    case 'trial':
      return 600;
    case 'held':
      return policy.certificates?.profiles.get(certificate.profile ?? '')?.validity;
    default:
      return undefined;
  }
}

const NOTHING = { exit: 70, stdout: '', stderr: 'error: nothing was run', ms: 0 };
