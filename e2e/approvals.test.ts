import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  createPeopleWorkspace,
  createSshKey,
  type PeopleOptions,
  type PeopleWorkspace,
  startTestOidcIssuer,
  type TestOidcIssuer,
} from '@signwright/testkit';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { fulcioServer } from './fulcio-server.ts';
import { fingerprint } from './issuer-scenario.ts';
import { describePeer, peer } from './peers.ts';
import { runPeer, TRUST_ROOT } from './scenario.ts';
import { startSshAgent } from './ssh-agent.ts';
import { STEP_CA_AUDIENCE, stepCaServer } from './step-ca-server.ts';

// What people sign, by the command line, and what others' programs make of it.

const APPROVAL = 'https://signwright.dev/approval/v1';
const COMMAND = fileURLToPath(new URL('../packages/apps/cli/bin/signwright.cjs', import.meta.url));

async function project(options?: PeopleOptions): Promise<PeopleWorkspace> {
  const here = await createPeopleWorkspace(options);
  onTestFinished(() => here.remove());
  return here;
}

const evidenceOf = (said: string): string => /evidence (sha256:[0-9a-f]{64})/.exec(said)?.[1] ?? '';

describePeer('ssh-agent', 'an approval by an SSH key', () => {
  it('verifies with ssh-keygen -Y verify, for its person, its namespace and its bytes alone', async () => {
    const here = await project();
    const evidence = evidenceOf((await here.answer('ann', await here.asked())).stdout);
    const written = ['--pae', 'pae', '--signature', 'sig', '--allowed-signers', 'allowed'];
    const { at } = JSON.parse(await here.done('approval', 'show', evidence, ...written)) as { at: string };
    const time = `verify-time=${at.replace(/\.\d+Z$|[-:T]/g, '')}Z`;
    const verify = ({ principal = 'ann', namespace = APPROVAL, pae = readFileSync(here.path('pae')), when = time } = {}) => {
      const args = [
        '-Y',
        'verify',
        '-f',
        here.path('allowed'),
        '-I',
        principal,
        '-n',
        namespace,
        '-s',
        here.path('sig'),
        '-O',
        when,
      ];
      return spawnSync('ssh-keygen', args, { input: pae, encoding: 'utf8' });
    };
    expect(verify().stdout).toMatch(/^Good "https:\/\/signwright\.dev\/approval\/v1" signature for ann/);
    expect(verify({ principal: 'cleo' }).status).not.toBe(0);
    expect(verify({ namespace: 'https://signwright.dev/waiver/v1' }).status).not.toBe(0);
    expect(verify({ pae: Buffer.from(here.read('pae').replace('"approve"', '"approved"')) }).status).not.toBe(0);
    const key = `"${here.line('ann')}"`;
    here.write('signwright.yaml', here.read('signwright.yaml').replace(key, `{ key: ${key}, until: 2099-01-01 }`));
    await here.done('approval', 'show', evidence, '--allowed-signers', 'allowed');
    expect(verify().status).toBe(0);
    expect(verify({ when: 'verify-time=20990101000000Z' }).status).not.toBe(0);
  });

  it('has a timestamp over its signature that openssl ts verifies', async () => {
    const here = await project();
    const hex = evidenceOf((await here.answer('ann', await here.asked())).stdout).slice(7);
    type Bundle = {
      dsseEnvelope: { signatures: [{ sig: string }] };
      verificationMaterial: { timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: string }] } };
    };
    const bundle = JSON.parse(here.evidence().get(hex)?.toString() ?? '') as Bundle;
    const [{ signedTimestamp }] = bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps;
    const [{ sig }] = bundle.dsseEnvelope.signatures;
    here.write('time.tsr', Buffer.from(signedTimestamp, 'base64'));
    here.write('signature', Buffer.from(sig, 'base64'));
    here.write('other', 'another signature');
    const root = JSON.parse(here.read(TRUST_ROOT)) as {
      timestampAuthorities: [{ certChain: { certificates: { rawBytes: string }[] } }];
    };
    const last = root.timestampAuthorities[0].certChain.certificates.at(-1)?.rawBytes ?? '';
    here.write('root.pem', `-----BEGIN CERTIFICATE-----\n${last.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`);
    const verify = (file: string) =>
      runPeer(here, peer('openssl'), ['ts', '-verify', '-in', 'time.tsr', '-data', file, '-CAfile', 'root.pem']);
    expect(await verify('signature')).toMatchObject({ status: 0 });
    expect((await verify('other')).status).not.toBe(0);
  });

  it('is given by a key in the agent, of which only the public half is a file', async () => {
    const key = createSshKey('ecdsa-384', { passphrase: 'swordfish' });
    const agent = await startSshAgent();
    onTestFinished(async () => {
      key.remove();
      await agent.stop();
    });
    const bare = await project();
    agent.add(bare.key('cleo'));
    const id = await bare.asked();
    const env = { SSH_AUTH_SOCK: agent.environment['SSH_AUTH_SOCK'] ?? '' };
    bare.write('alone/cleo.pub', bare.read('keys/cleo.pub'));
    expect(await bare.run(['approve', id, '--key', 'alone/cleo.pub', '--yes'], { env })).toMatchObject({ status: 0 });
    expect(await bare.run(['approve', id, '--yes'], { env })).toMatchObject({ status: 0, stdout: /cleo approved/ });
  });

  it('is asked for at a terminal: yes signs; no, Ctrl-C and Ctrl-D sign nothing', async () => {
    const here = await project();
    const id = await here.asked();
    const before = here.evidence().size;
    const args = ['approve', id, '--key', here.key('cleo')];
    for (const answer of ['no\r', 'YES\r', '\x03', '\x04']) {
      const { status, said } = await atTerminal(here, args, [[/Type "yes": /, answer]]);
      expect([status, said]).toEqual([
        130,
        expect.stringMatching(/dist\/a\.tgz[\s\S]*cleo \(SHA256:.*approve these 2 artifacts\?/),
      ]);
      expect(said).toContain('nothing was signed');
    }
    expect(here.evidence().size).toBe(before);
    const yes = await atTerminal(here, args, [[/Type "yes": /, 'yes\r']]);
    expect([yes.status, yes.said]).toEqual([0, expect.stringMatching(/cleo approved: evidence sha256:/)]);
  });

  it('is given by an encrypted key, whose passphrase ssh-keygen asks for and nobody sees', async () => {
    const key = createSshKey('ed25519', { passphrase: 'swordfish' });
    onTestFinished(() => key.remove());
    const here = await project({ ann: `{ ssh: ["${key.line}"] }` });
    const id = await here.asked();
    const answers = [
      [/Type "yes": /, 'yes\r'],
      [/Enter passphrase.*: /, 'swordfish\r'],
    ] as const;
    const { status, said } = await atTerminal(here, ['approve', id, '--key', key.path], answers);
    expect([status, said]).toEqual([0, expect.stringMatching(/ann approved: evidence/)]);
    expect(said).not.toContain('swordfish');
  });
});

describePeer(['fulcio', 'step-ca'], 'an approval by a short-lived certificate', () => {
  let gitlab: TestOidcIssuer;
  let other: TestOidcIssuer;
  let login: TestOidcIssuer;
  beforeAll(async () => {
    [gitlab, other, login] = await Promise.all([startTestOidcIssuer(), startTestOidcIssuer(), startTestOidcIssuer()]);
  });
  afterAll(() => Promise.all([gitlab.close(), other.close(), login.close()]));
  const fulcio = fulcioServer(() => ({ gitlab, other, login }));
  const stepCa = stepCaServer(() => login);

  const ADDRESS = 'counsel@acme.example';

  /** A project where ann is whom a login names, and a CA certifies. */
  async function certified(subject: string, ca: string, url: string, root: string): Promise<PeopleWorkspace> {
    const here = await project({
      ann: `{ certificate: { issuer: "${login.url}", subject: "${subject}" } }`,
      approvals: '[engineering]',
    });
    const policy = here.read('signwright.yaml');
    const signers = `signers:\n  people: { certificate: ${ca}, workloads: [ci] }\n`;
    here.write('signwright.yaml', policy.replace('signers:\n', signers));
    const added = await here.run([
      'trust',
      'add',
      TRUST_ROOT,
      '--from-issuer',
      url,
      '--fingerprint',
      root,
      '--issuer',
      login.url,
    ]);
    expect(added, added.stderr).toMatchObject({ status: 0 });
    return here;
  }

  const approve = (here: PeopleWorkspace, id: string, token: string) => {
    here.write('token', token, 0o600);
    return here.run(['approve', id, '--id-token-file', 'token', '--authority', 'people', '--yes']);
  };

  it('of Fulcio counts for the address it names, once it is verified, and the address is in no record', async () => {
    const here = await certified(ADDRESS, `{ fulcio: "${fulcio.url}" }`, fulcio.url, fingerprint(fulcio.authority.root));
    const id = await here.asked();
    const person = (email: string) => login.mintToken({ email, email_verified: true }, { audience: 'sigstore' });
    const stranger = await approve(here, id, person('mallory@acme.example'));
    expect(stranger).toMatchObject({ status: 1, stderr: /the certificate names mallory@acme\.example of .*, who is nobody/ });
    const unverified = login.mintToken({ email: ADDRESS, email_verified: false }, { audience: 'sigstore' });
    expect(await approve(here, id, unverified)).toMatchObject({ status: 1 });
    const elsewhere = await approve(
      here,
      id,
      gitlab.mintToken({ email: ADDRESS, email_verified: true }, { audience: 'sigstore' }),
    );
    expect(elsewhere).toMatchObject({ status: 1, stderr: /nobody of the policy's people is[\s\S]*it was sent nowhere/ });
    const token = person(ADDRESS);
    const approved = await approve(here, id, token);
    expect(approved, approved.stderr).toMatchObject({ status: 0, stdout: /ann approved: evidence/ });
    expect(await here.run(['verify'])).toMatchObject({ status: 0, stdout: /approved by ann/ });
    expect(logOf(here)).toContain('"person":"ann"');
    expect(logOf(here)).not.toContain('acme.example');
    const all = here.files('.').filter((name) => name !== 'token');
    for (const name of all) expect(readFileSync(here.path(name)).includes(token), name).toBe(false);
  });

  it('leaves the address in no segment either, where the log’s key is elsewhere', async () => {
    const here = await certified(ADDRESS, `{ fulcio: "${fulcio.url}" }`, fulcio.url, fingerprint(fulcio.authority.root));
    const id = await here.asked();
    rmSync(here.path('keys/log.pem'));
    const token = login.mintToken({ email: ADDRESS, email_verified: true }, { audience: 'sigstore' });
    const approved = await approve(here, id, token);
    expect(approved).toMatchObject({
      status: 2,
      stderr:
        /would put the e-mail address in your certificate into the log, for ever\n.*nothing was published; sign with an SSH key/,
    });
    expect(logOf(here)).not.toContain('acme.example');
    expect(await here.run(['verify'])).toMatchObject({ status: 4 });
  });

  it('of step-ca counts for the subject it names', async () => {
    const subject = `${login.url}#${ADDRESS}`;
    const ca = `{ step-ca: "${stepCa.url}", audience: "${STEP_CA_AUDIENCE}" }`;
    const here = await certified(subject, ca, stepCa.url, fingerprint(stepCa.authority.root));
    const id = await here.asked();
    const token = (sub: string) => login.mintToken({ sub }, { audience: STEP_CA_AUDIENCE });
    const approved = await approve(here, id, token(ADDRESS));
    expect(approved, approved.stderr).toMatchObject({ status: 0, stdout: /ann approved: evidence/ });
    expect(await here.run(['verify'])).toMatchObject({ status: 0, stdout: /approved by ann/ });
    expect(await approve(here, id, token('mallory'))).toMatchObject({ status: 1, stderr: /who is nobody/ });
  });
});

/** All that is in the log, what is in base64 too. */
function logOf(here: PeopleWorkspace): string {
  const plain = here.files('log').map((name) => readFileSync(here.path(`log/${name}`), 'latin1'));
  const encoded = plain.flatMap((text) => text.match(/[A-Za-z0-9+/]{40,}={0,2}/g) ?? []);
  return [...plain, ...encoded.map((text) => Buffer.from(text, 'base64').toString('latin1'))].join('\n');
}

type Ended = { readonly status: number | null; readonly said: string };

/** Runs a command at a terminal of its own, where each answer is typed once its question is asked. */
function atTerminal(
  here: PeopleWorkspace,
  args: readonly string[],
  answers: readonly (readonly [RegExp, string])[],
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const words = [process.execPath, COMMAND, ...args].map((word) => `'${word}'`).join(' ');
    const env = { PATH: process.env['PATH'], HOME: here.directory, TERM: 'dumb' };
    const child = spawn('script', ['-qec', words, '/dev/null'], { cwd: here.directory, env, stdio: ['pipe', 'pipe', 'inherit'] });
    const left = [...answers];
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const [next] = left;
      if (next?.[0].test(said)) {
        left.shift();
        child.stdin.write(next[1]);
      }
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, said }));
  });
}
