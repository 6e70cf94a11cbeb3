import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { createTrialDomain } from '@signwright/certificates';
import { requirementsOf } from '@signwright/signing-core';
import type { Motion } from '../motion.ts';
import { Observations, REFUSED_SIGNATURE, type Rehearsal, type Scenario, timed } from '../scenario.ts';
import { asksRevocation } from '../shadow.ts';
import { writeKeyPair } from '../stand-ins.ts';
import { writeTrialCrl } from '../trial-crl.ts';

const DAY = 24 * 3600 * 1000;

/** Signatures by certificates that do not lead to the trust root, and by keys the policy does not pin. */
export const brokenChain: Scenario = {
  id: 'broken-chain',
  title: 'a certificate of a CA that is not trusted, one whose intermediate is missing, a key nobody pinned',
  async run(rehearsal) {
    const seen = new Observations();
    const signers = requirementsOf((await (await rehearsal.fresh('broken-chain')).required()).requirements, 'signature');
    if (signers.some(({ signer }) => signer.certificate)) {
      await signElsewhere(
        rehearsal,
        seen,
        'a certificate of a CA that is not in the trust root does not count',
        async () => undefined,
      );
      await signElsewhere(rehearsal, seen, 'a certificate whose intermediate is missing does not count', trustRootOfOther);
    }
    if (signers.some(({ signer }) => signer.keys.length > 0)) await signByOtherKeys(rehearsal, seen);
    return seen.result();
  },
};

/** Signs in a domain that looks the same and is another, and brings what was signed here. `mend` changes whom the verifier trusts. */
async function signElsewhere(
  rehearsal: Rehearsal,
  seen: Observations,
  should: string,
  mend: (motion: Motion, other: string) => Promise<void>,
): Promise<void> {
  const motion = await rehearsal.fresh('broken-chain');
  const { path } = motion.workspace;
  await cp(path('trial'), path('own'), { recursive: true });
  await rm(path('trial'), { recursive: true });
  await createTrialDomain(path('trial'), { now: new Date(rehearsal.shadow.clock.now().getTime() - 30 * DAY) });
  // The timestamps are right: it is the CA that is another.
  await mixRoots(path('trial'), path('own'));
  // Who forges publishes a CRL as well.
  if (asksRevocation(rehearsal.policy)) await writeTrialCrl(motion.workspace.directory, rehearsal.shadow.clock.now());
  await motion.sign();
  await rm(path('other'), { recursive: true, force: true });
  await cp(path('trial'), path('other'), { recursive: true });
  await rm(path('trial'), { recursive: true });
  await cp(path('own'), path('trial'), { recursive: true });
  if (asksRevocation(rehearsal.policy)) await writeTrialCrl(motion.workspace.directory, rehearsal.shadow.clock.now());
  await mend(motion, path('other'));
  seen.refused(should, await motion.verify(), [1], REFUSED_SIGNATURE);
  await recover(motion, seen, path('own'));
}

/** Signed again by the right CA, it is released. */
async function recover(motion: Motion, seen: Observations, own: string): Promise<void> {
  const { path } = motion.workspace;
  await rm(path('trial'), { recursive: true });
  await cp(own, path('trial'), { recursive: true });
  const [judged, ms] = await timed(() => motion.release());
  seen.allowed('signed again by the right CA, it may go', judged, ms);
}

type TrustRoot = { certificateAuthorities: { certChain: { certificates: unknown[] } }[]; timestampAuthorities: unknown[] };

/** The other domain's own trust root, with the timestamp authorities of the drill. */
async function mixRoots(other: string, own: string): Promise<void> {
  const [mixed, right] = await Promise.all([readRoot(other), readRoot(own)]);
  await writeRoot(other, { ...mixed, timestampAuthorities: right.timestampAuthorities });
}

/** The verifier trusts the root of the other domain, and nobody gives it the intermediate. */
async function trustRootOfOther(motion: Motion, other: string): Promise<void> {
  const trial = motion.workspace.path('trial');
  const [right, added] = await Promise.all([readRoot(trial), readRoot(other)]);
  const [authority] = added.certificateAuthorities;
  if (authority === undefined) return;
  authority.certChain.certificates = authority.certChain.certificates.slice(-1);
  await writeRoot(trial, { ...right, certificateAuthorities: [...right.certificateAuthorities, authority] });
}

async function readRoot(directory: string): Promise<TrustRoot> {
  return JSON.parse(await readFile(`${directory}/trusted-root.json`, 'utf8')) as TrustRoot;
}

async function writeRoot(directory: string, root: TrustRoot): Promise<void> {
  await writeFile(`${directory}/trusted-root.json`, JSON.stringify(root), { mode: 0o600 });
}

/** The signers' keys are others than the policy pins, as whoever has none of them would sign. */
async function signByOtherKeys(rehearsal: Rehearsal, seen: Observations): Promise<void> {
  const motion = await rehearsal.fresh('other-key');
  const { path } = motion.workspace;
  await cp(path('keys'), path('own-keys'), { recursive: true });
  for (const { id, keys } of (await motion.policy()).signers.values())
    for (const index of keys.keys()) await writeKeyPair(path(`keys/${id}-${index}`));
  await motion.sign();
  await rm(path('keys'), { recursive: true });
  await cp(path('own-keys'), path('keys'), { recursive: true });
  seen.refused('a signature by a key the policy does not pin does not count', await motion.verify(), [1], REFUSED_SIGNATURE);
  const [judged, ms] = await timed(() => motion.release());
  seen.allowed('signed again by the right key, it may go', judged, ms);
}
