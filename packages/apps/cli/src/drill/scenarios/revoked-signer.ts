import { readFile, rm } from 'node:fs/promises';
import type { SignerDefinition } from '@signwright/policy';
import { parseCertificate, requirementsOf } from '@signwright/signing-core';
import { inUnits } from '../../people/waive-terms.ts';
import { Observations, REFUSED_SIGNATURE, type Rehearsal, type Scenario, timed } from '../scenario.ts';
import { asksRevocation } from '../shadow.ts';
import { writeKeyPair } from '../stand-ins.ts';
import { writeTrialCrl } from '../trial-crl.ts';
import type { Workspace } from '../workspace.ts';

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
    const signers = requirementsOf(requirements, 'signature').flatMap(
      ({ signer }) => rehearsal.policy.signers.get(signer.id) ?? [],
    );
    for (const signer of signers) {
      if (signer.certificate === undefined) await compromised(rehearsal, seen, signer);
      else if (asksRevocation(rehearsal.policy)) await revoked(rehearsal, seen, signer);
      else expires(rehearsal, seen, signer);
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
  seen.refused(
    `what ${id} signed with a key that is compromised since does not count`,
    await motion.verify(),
    [1],
    REFUSED_SIGNATURE,
  );
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

/** The CA revokes the certificate that the release was signed with, and says so in its CRL. */
async function revoked({ policy, released, shadow }: Rehearsal, seen: Observations, { id }: SignerDefinition): Promise<void> {
  const motion = await released(`revoked-${id}`);
  const { workspace } = motion;
  const serials = await serialsOf(workspace);
  const revoking = serials.map((serial) => ({ serial, reason: 'keyCompromise' as const }));
  await writeTrialCrl(workspace.directory, shadow.clock.now(), revoking);
  await forget(workspace);
  seen.refused(
    `what ${id} signed with a certificate that is revoked does not count`,
    await motion.verify(),
    [1],
    ['certificate-revoked'],
  );
  const [judged, ms] = await timed(() => motion.release());
  seen.allowed('signed again with a new certificate, it may go', judged, ms);

  const { maxAge } = policy.trust?.revocation ?? {};
  const until =
    maxAge === undefined
      ? 'until it ends: trust.revocation.max-age would be sooner'
      : `for ${inUnits(maxAge)} at the most (max-age)`;
  seen.finds(`a verifier that asked before the revocation goes by the CRL it has ${until}`);

  const blind = await released(`revocation-unknown-${id}`);
  await rm(blind.workspace.path('trial.crl'));
  await forget(blind.workspace);
  const unknown = await blind.verify();
  if (policy.trust?.revocation?.mode === 'require')
    seen.refused('where nobody can tell whether it is revoked, nothing is decided', unknown, [3], ['revocation-unknown']);
  else if (unknown.exit === 0)
    seen.finds('trust.revocation is "prefer": where the CRL cannot be had, what was signed with a revoked certificate passes');
}

/** As a machine that never asked: others keep the answer they have, as they may. */
async function forget({ path }: Workspace): Promise<void> {
  await rm(path('home/cache/signwright/revocation'), { recursive: true, force: true });
}

/** The serial numbers of all certificates that evidence was signed with. */
async function serialsOf(workspace: Workspace): Promise<string[]> {
  const texts = await Promise.all((await workspace.evidence()).map((file) => readFile(file, 'utf8')));
  const found = texts.flatMap((text) => {
    const raw = /"certificate":\s*\{\s*"rawBytes":\s*"([A-Za-z0-9+/=]+)"/.exec(text)?.[1];
    return raw === undefined ? [] : [parseCertificate(Buffer.from(raw, 'base64')).serialNumber.toString('hex')];
  });
  return [...new Set(found)];
}

/** Whether anybody would notice that a certificate of this signer's CA was revoked: where nobody asks, it has to end soon. */
function expires({ policy }: Rehearsal, seen: Observations, { id, certificate }: SignerDefinition): void {
  const validity = validityOf(policy, certificate);
  if (validity !== undefined && validity <= SHORT_SECONDS) {
    const should = `certificates of ${id} can be revoked, or live a day at the most`;
    seen.holds(should, `nobody asks whether they are revoked, and its CA issues them for ${validity} s at the most`, true);
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
