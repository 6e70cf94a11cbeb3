import { rename } from 'node:fs/promises';
import type { SignerDefinition } from '@signwright/policy';
import { parseKeyReference, requirementsOf } from '@signwright/signing-core';
import { keysThatCount } from '../../context/signers/choices.ts';
import { claimsOf, jobVariables } from '../claims.ts';
import type { Motion } from '../motion.ts';
import { Observations, type Rehearsal, type Scenario, timed } from '../scenario.ts';

/** The CA or the key that a signer uses first cannot be reached. */
export const signerDown: Scenario = {
  id: 'signer-down',
  title: 'a signer’s CA or KMS is unreachable: its next key, or a stop with nothing half-signed',
  async run(rehearsal) {
    const seen = new Observations();
    const signers = requirementsOf(rehearsal.subject.required.requirements, 'signature');
    for (const { signer } of signers) {
      const definition = rehearsal.policy.signers.get(signer.id);
      if (definition !== undefined) await lose(rehearsal, seen, definition);
    }
    return seen.result();
  },
};

async function lose(rehearsal: Rehearsal, seen: Observations, definition: SignerDefinition): Promise<void> {
  const { id, certificate, keys } = definition;
  const motion = await rehearsal.fresh(`signer-down-${id}`);
  await motion.sign({ except: id });
  const before = (await motion.workspace.evidence()).length;
  const remote = certificate !== undefined || keys.some(({ ref }) => parseKeyReference(ref).scheme !== 'file');
  const counting = keysThatCount(keys, rehearsal.shadow.clock.now().getTime());
  const [first] = counting;
  const lost = certificate === undefined && first !== undefined ? keptWith(first, counting) : [];
  const others = counting.length - lost.length;
  const file = keyFile(motion, id, first === undefined ? 0 : keys.indexOf(first));
  const at = lost.map((key) => keys.indexOf(key));
  const down = remote ? await unreachable(rehearsal, motion, definition, at) : await keyFileGone(file);
  const [ran = NOTHING] = await motion.sign({ only: id, ...down });
  if (remote && others > 0) {
    seen.allowed(`${id}: the next key signs where the first cannot be reached`, ran);
    seen.holds('that it was not the first is told', toldOf(ran.stderr), /could not be reached/.test(ran.stderr));
  } else {
    seen.refused(`${id}: signing stops`, ran, remote ? [3] : [2, 3]);
    const after = (await motion.workspace.evidence()).length;
    seen.holds('nothing half-signed is left', `${after - before} files of evidence more`, after === before);
    if (remote)
      seen.finds(`${id} has nothing else to sign with: while its ${certificate ? 'CA' : 'KMS'} is down nothing can be released`);
    if ((await motion.required()).demands.audit === 'required') {
      await motion.workspace.write();
      const { stdout } = await motion.workspace.run(['audit', 'list', '--output', 'json', '--limit', '20']);
      seen.holds(
        'the log says that it was tried',
        stdout.includes(motion.subject.name) ? 'there is a record of it' : 'there is none',
        stdout.includes(motion.subject.name),
      );
    }
    if (!remote) await rename(`${file}.away`, file);
  }
  await motion.workspace.write();
  const [judged, ms] = await timed(async () => {
    if (!(remote && others > 0)) await motion.sign({ only: id });
    return motion.finish();
  });
  seen.allowed(remote && others > 0 ? 'what the next key signed may go' : `once it is back, it may go`, judged, ms);
}

const NOTHING = { exit: 70, stdout: '', stderr: 'error: nothing was run', ms: 0 };
const JOB = 'drill-job';

/** The key and those that are out of reach with it: of the same service, as after a rotation. */
export function keptWith(first: PinnedKey, keys: readonly PinnedKey[]): readonly PinnedKey[] {
  const place = serviceOf(first.ref);
  return keys.filter((key) => key === first || (place !== undefined && serviceOf(key.ref) === place));
}

type PinnedKey = SignerDefinition['keys'][number];

/** What fails as one; nothing for a file. */
function serviceOf(text: string): string | undefined {
  const key = parseKeyReference(text);
  switch (key.scheme) {
    case 'file':
      return undefined;
    case 'awskms':
      return `${key.scheme} ${key.endpoint ?? ''} ${key.region ?? ''}`;
    case 'gcpkms':
      return `${key.scheme} ${/\/locations\/([^/]+)/.exec(key.version)?.[1]}`;
    case 'azurekms':
      return `${key.scheme} ${key.vault}`;
    case 'hashivault':
      return `${key.scheme} ${key.address ?? ''}`;
    case 'pkcs11':
      return `${key.scheme} ${text.replace(/^[^?]*/, '')} ${TOKEN.exec(text)?.join(' ')}`;
  }
}

const TOKEN = /(?:token|serial|slot-id)=[^;?]*/;

/** The signer's CA, or these keys of it, are where nobody answers; so is the issuer of the job's ID token. */
async function unreachable(
  { shadow }: Rehearsal,
  motion: Motion,
  { id, certificate }: SignerDefinition,
  lost: readonly number[],
) {
  const { closed } = shadow.loopback;
  const issuer = closed.replace('http:', 'https:');
  await motion.workspace.write((layer) => {
    if (layer.extends === undefined) layer.workloads = { ...layer.workloads, [JOB]: { issuer, 'repository-id': '1' } };
    const signer = layer.signers?.[id];
    if (signer === undefined) return;
    signer.workloads = [JOB];
    if (certificate !== undefined) signer.certificate = { fulcio: closed };
    for (const index of lost) if (signer.keys?.[index] !== undefined) signer.keys[index].ref = 'hashivault://drill';
  });
  const claims = claimsOf(undefined);
  const token = idToken({ issuer, repository: claims.repository, now: shadow.clock.now() });
  return { claims, env: { ...jobVariables(claims), VAULT_ADDR: closed, VAULT_TOKEN: 'drill', SIGNWRIGHT_ID_TOKEN: token } };
}

/** A token nobody can check: its issuer does not answer. */
function idToken({ issuer, repository, now }: { issuer: string; repository: string; now: Date }): string {
  const at = Math.floor(now.getTime() / 1000);
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
  const claims = {
    iss: issuer,
    aud: 'sigstore',
    sub: 'drill',
    jti: 'drill',
    iat: at,
    nbf: at,
    exp: at + 600,
    project_id: '1',
    job_project_id: '1',
    project_path: new URL(repository).pathname.slice(1),
    ref: 'main',
    ref_type: 'branch',
    ref_path: 'refs/heads/main',
    pipeline_source: 'push',
    runner_environment: 'self-hosted',
  };
  return `${part({ alg: 'RS256', typ: 'JWT', kid: 'drill' })}.${part(claims)}.${Buffer.alloc(256).toString('base64url')}`;
}

async function keyFileGone(file: string) {
  await rename(file, `${file}.away`);
  return { env: {} };
}

function keyFile({ workspace }: Motion, id: string, index: number): string {
  return workspace.path(`keys/${id}-${index}.pem`);
}

function toldOf(stderr: string): string {
  return (
    stderr
      .split('\n')
      .find((line) => line.includes('could not be reached'))
      ?.slice(0, 300) ?? 'nothing was told'
  );
}
