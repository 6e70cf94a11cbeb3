import { readFile, rm } from 'node:fs/promises';
import { createEvidenceStore } from '@signwright/evidence';
import { requirementsOf } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { createTimestampClient } from '@signwright/timestamp';
import type { Motion } from '../motion.ts';
import { Observations, REFUSED_SIGNATURE, type Rehearsal, type Scenario, timed } from '../scenario.ts';
import { asksRevocation, EARLIER_MS } from '../shadow.ts';
import { writeTrialCrl } from '../trial-crl.ts';

/** Signatures made after the certificate, or the key, had come to its end. */
export const expiredCertificate: Scenario = {
  id: 'expired-certificate',
  title: 'a signature made after its certificate expired, or after the day a key counts until',
  async run(rehearsal) {
    const seen = new Observations();
    const signers = requirementsOf((await (await rehearsal.fresh('expired')).required()).requirements, 'signature');
    if (signers.some(({ signer }) => signer.certificate)) await signedTooLate(rehearsal, seen);
    const keyed = signers.find(({ signer }) => !signer.certificate);
    if (keyed) await keyPastItsEnd(rehearsal, seen, keyed.signer.id);
    return seen.result();
  },
};

/** Certificates of some time ago, and signatures that are stamped now: whoever kept the key would make them. */
async function signedTooLate(rehearsal: Rehearsal, seen: Observations): Promise<void> {
  const motion = await rehearsal.fresh('expired');
  const { workspace } = motion;
  const { origin } = rehearsal.shadow.loopback;
  await workspace.write(({ trust }) => {
    if (trust?.timestamp !== undefined) trust.timestamp = { urls: [`${origin}/earlier`] };
  });
  const { clock } = rehearsal.shadow;
  const revocation = asksRevocation(rehearsal.policy);
  if (revocation) await writeTrialCrl(workspace.directory, new Date(clock.now().getTime() - EARLIER_MS));
  for (const ran of await motion.sign({ skew: -EARLIER_MS }))
    seen.holds('a release of some time ago is signed', `exit code ${ran.exit}`, ran.exit === 0);
  await workspace.write();
  if (revocation) await writeTrialCrl(workspace.directory, clock.now());
  await stampAnew(motion, `${origin}/timestamp/0`);
  seen.refused('a signature made after the certificate expired does not count', await motion.verify(), [1], REFUSED_SIGNATURE);
  const [judged, ms] = await timed(() => motion.release());
  seen.allowed('signed again with a new certificate, it may go', judged, ms);
}

type Bundle = {
  verificationMaterial: { certificate?: unknown; timestampVerificationData?: unknown };
  dsseEnvelope?: { signatures: { sig: string }[] };
};

/** Puts a timestamp of now into every bundle with a certificate, and nothing else into the store. */
async function stampAnew({ workspace, subject }: Motion, url: string): Promise<void> {
  const authority = createTimestampClient({ urls: [url], verify: () => undefined });
  const texts = await Promise.all((await workspace.evidence()).map((file) => readFile(file, 'utf8')));
  await rm(workspace.path('evidence'), { recursive: true });
  const store = createEvidenceStore(createDirectoryStore(workspace.path('evidence')));
  for (const text of texts) {
    const bundle = parse(text);
    const signature = bundle?.dsseEnvelope?.signatures[0]?.sig;
    if (bundle?.verificationMaterial?.certificate === undefined || signature === undefined) continue;
    const stamp = await authority.timestamp(Buffer.from(signature, 'base64'));
    const signedTimestamp = Buffer.from(stamp).toString('base64');
    bundle.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp }] };
    await store.put(Buffer.from(JSON.stringify(bundle)), [subject.digest]);
  }
}

/** Proofs and snapshots of the policy lie there too, and are no bundles. */
function parse(text: string): Bundle | undefined {
  try {
    return JSON.parse(text) as Bundle;
  } catch {
    return undefined;
  }
}

async function keyPastItsEnd({ released, shadow }: Rehearsal, seen: Observations, signer: string): Promise<void> {
  const motion = await released('key-expired');
  const until = new Date(shadow.clock.now().getTime() - EARLIER_MS).toISOString();
  await motion.workspace.write(({ signers }) => {
    for (const key of signers?.[signer]?.keys ?? []) {
      key.until = until;
      delete key.from;
    }
  });
  seen.refused(
    'a signature made after the day its key counts until does not count',
    await motion.verify(),
    [1],
    REFUSED_SIGNATURE,
  );
  await motion.workspace.write();
  seen.allowed('where the key counts, it may go', await motion.verify());
}
