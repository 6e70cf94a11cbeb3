import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSshSigner, listAgentKeys } from '@signwright/signer-ssh';
import {
  allowedSignersLine,
  armorSshSignature,
  IN_TOTO,
  parseSshPublicKey,
  preAuthEncoding,
  type SshPublicKey,
  unarmorSshSignature,
  verifySshSignature,
} from '@signwright/signing-core';
import { createSshKey, softwareSecurityKey, type TestSshKey, type TestSshKeyType } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describePeer } from './peers.ts';
import { type SshAgent, startSshAgent } from './ssh-agent.ts';

const NAMESPACE = 'https://signwright.dev/approval/v1';
const MESSAGE = preAuthEncoding(IN_TOTO, Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}'));
const TYPES = ['ed25519', 'ecdsa-256', 'ecdsa-384', 'ecdsa-521', 'rsa-3072'] as const;
const ALONE = { PATH: process.env['PATH'], HOME: '/nonexistent' };

let room: string;
const made: TestSshKey[] = [];
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'signwright-ssh-'));
});
afterAll(() => {
  for (const key of made) key.remove();
  rmSync(room, { recursive: true, force: true });
});

function newKey(type: TestSshKeyType, options: { passphrase?: string } = {}): TestSshKey {
  const key = createSshKey(type, options);
  made.push(key);
  return key;
}

/** What `ssh-keygen -Y verify` answers: that the signature is good, or what is wrong. */
function keygenVerify(
  blob: Uint8Array,
  line: string,
  { principal = 'ann', namespace = NAMESPACE, at = '20260601000000Z' } = {},
): string {
  const [signers, signature] = [join(room, 'allowed_signers'), join(room, 'signature')];
  writeFileSync(signers, `${line}\n`);
  writeFileSync(signature, armorSshSignature(blob));
  const args = ['-Y', 'verify', '-f', signers, '-I', principal, '-n', namespace, '-s', signature, '-O', `verify-time=${at}`];
  const { status, stdout, stderr } = spawnSync('ssh-keygen', args, { input: MESSAGE, env: ALONE, encoding: 'utf8' });
  return `${status === 0 ? 'good' : 'refused'}: ${stdout}${stderr}`;
}

const allowed = (key: SshPublicKey): string => allowedSignersLine({ principal: 'ann', namespaces: [NAMESPACE], key });

describePeer('ssh-agent', 'SSH signatures of people', () => {
  test.each(TYPES)('what ssh-keygen signs verifies here: %s', (type) => {
    const { path, line } = newKey(type);
    const args = ['-Y', 'sign', '-n', NAMESPACE, '-f', path];
    const blob = unarmorSshSignature(execFileSync('ssh-keygen', args, { input: MESSAGE, env: ALONE, stdio: 'pipe' }).toString());
    const key = parseSshPublicKey(line);
    expect(verifySshSignature(blob, MESSAGE, { namespace: NAMESPACE, key })).toEqual({});
    expect(() => verifySshSignature(blob, Buffer.from('else'), { namespace: NAMESPACE, key })).toThrow(/does not hold/);
    expect(execFileSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' })).toContain(` ${key.fingerprint} `);
  });

  test.each(TYPES)('what is signed here ssh-keygen verifies: %s', async (type) => {
    const signer = await createSshSigner({ key: newKey(type).path, environment: ALONE });
    const blob = await signer.sign(MESSAGE, NAMESPACE);
    const line = allowed(signer.publicKey);
    expect(keygenVerify(blob, line)).toMatch(/^good: Good "https:\/\/signwright\.dev\/approval\/v1" signature for ann/);
    expect(keygenVerify(blob, line, { principal: 'bob' })).toMatch(/^refused/);
    expect(keygenVerify(await signer.sign(MESSAGE, 'git'), line, { namespace: 'git' })).toMatch(/^refused/);
  });

  test('an allowed signer counts for ssh-keygen from its first second to before its last', async () => {
    const { publicKey: key, sign } = await createSshSigner({ key: newKey('ed25519').path, environment: ALONE });
    const blob = await sign(MESSAGE, NAMESPACE);
    const [validAfter, validBefore] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-07-01T00:00:00Z')];
    const line = allowedSignersLine({ principal: 'ann', namespaces: ['git', NAMESPACE], key, validAfter, validBefore });
    const times = ['20251231235959Z', '20260101000000Z', '20260630235959Z', '20260701000000Z'];
    expect(times.map((at) => keygenVerify(blob, line, { at }).split(':')[0])).toEqual(['refused', 'good', 'good', 'refused']);
  });

  describe.each(['ed25519', 'ecdsa'] as const)('a security key in software (%s)', (algorithm) => {
    test('signs as real ones do, for ssh-keygen too', () => {
      const key = softwareSecurityKey({ algorithm });
      expect(keygenVerify(key.sign(MESSAGE, NAMESPACE), allowed(parseSshPublicKey(key.line)))).toMatch(/^good/);
    });

    test('that asks for no PIN is good for ssh-keygen, and refused here', () => {
      const lax = softwareSecurityKey({ algorithm, verification: false });
      const [blob, key] = [lax.sign(MESSAGE, NAMESPACE), parseSshPublicKey(lax.line)];
      expect(keygenVerify(blob, allowed(key))).toMatch(/^good/);
      expect(() => verifySshSignature(blob, MESSAGE, { namespace: NAMESPACE, key })).toThrow(/did not check who touched it/);
    });
  });

  test('a passphrase is asked for at the terminal, though the message is on stdin and there is a display', async () => {
    const { path, line } = newKey('ed25519', { passphrase: 'swordfish' });
    const environment = { ...ALONE, DISPLAY: ':99' };
    const code = `
      import { createSshSigner } from '@signwright/signer-ssh';
      const signer = await createSshSigner({ key: ${JSON.stringify(path)}, environment: ${JSON.stringify(environment)} });
      const blob = await signer.sign(Buffer.from('${MESSAGE.toString('base64')}', 'base64'), '${NAMESPACE}');
      console.log(\`signature \${Buffer.from(blob).toString('base64')} end\`);`;
    const said = await atTerminal(code, /Enter passphrase.*: $/, 'swordfish\r');
    const blob = Buffer.from(/signature (\S+) end/.exec(said)?.[1] ?? '', 'base64');
    expect(verifySshSignature(blob, MESSAGE, { namespace: NAMESPACE, key: parseSshPublicKey(line) })).toEqual({});
    expect(said).not.toContain('swordfish');
  });

  test('a commit that git signs by SSH verifies for the namespace git', () => {
    const { path, line } = newKey('ed25519');
    const git = (...args: string[]): Buffer =>
      execFileSync('git', ['-C', room, '-c', 'user.name=ann', '-c', 'user.email=ann@acme.example', ...args], { env: ALONE });
    git('init', '-q', 'repository');
    const signing = ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${path}`];
    git('-C', 'repository', ...signing, 'commit', '-q', '--allow-empty', '-S', '-m', 'Signed');
    const commit = git('-C', 'repository', 'cat-file', 'commit', 'HEAD').toString('latin1');
    const [header = '', armored = ''] = /^gpgsig (.*(?:\n .*)*)\n/m.exec(commit) ?? [];
    const blob = unarmorSshSignature(`${armored.replaceAll('\n ', '\n')}\n`);
    const payload = Buffer.from(commit.replace(header, ''), 'latin1');
    const key = parseSshPublicKey(line);
    expect(verifySshSignature(blob, payload, { namespace: 'git', key })).toEqual({});
    expect(() => verifySshSignature(blob, payload, { namespace: NAMESPACE, key })).toThrow(/was made for "git"/);
  });
});

describePeer('ssh-agent', 'an SSH agent', () => {
  let agent: SshAgent;
  beforeAll(async () => {
    agent = await startSshAgent({ SSH_ASKPASS: '/bin/false', SSH_ASKPASS_REQUIRE: 'force' });
  });
  afterAll(() => agent.stop());

  test('without keys lists none; with keys those that count, and signs by them without their files', async () => {
    const { environment } = agent;
    expect(await listAgentKeys(environment)).toEqual([]);
    const [one, weak, two] = [newKey('ecdsa-384'), newKey('rsa-1024'), newKey('rsa-3072')];
    for (const { path } of [one, weak, two]) agent.add(path);
    const keys = await listAgentKeys(environment);
    expect(keys.map(({ line }) => line)).toEqual([one, two].map(({ line }) => parseSshPublicKey(line).line));
    for (const key of keys) {
      const blob = await (await createSshSigner({ key, environment })).sign(MESSAGE, NAMESPACE);
      expect(verifySshSignature(blob, MESSAGE, { namespace: NAMESPACE, key })).toEqual({});
    }
    const lone = join(room, 'lone.pub');
    copyFileSync(`${one.path}.pub`, lone);
    const blob = await (await createSshSigner({ key: lone, environment })).sign(MESSAGE, NAMESPACE);
    expect(keygenVerify(blob, allowed(parseSshPublicKey(one.line)))).toMatch(/^good/);
  });

  test('that lacks the key, or whose owner declines, is told', async () => {
    const { environment } = agent;
    const key = parseSshPublicKey(newKey('ed25519').line);
    await expect((await createSshSigner({ key, environment })).sign(MESSAGE, NAMESPACE)).rejects.toMatchObject({
      code: 'configuration',
      message: 'the private half of this SSH key is not beside it, nor in the SSH agent',
      where: key.fingerprint,
    });
    const asked = newKey('ed25519');
    agent.add(asked.path, '-c');
    const signer = await createSshSigner({ key: asked.path, environment });
    await expect(signer.sign(MESSAGE, NAMESPACE)).rejects.toThrow(/^the SSH agent did not sign: somebody declined there/);
  });

  test('that has ended, or never was, is told', async () => {
    const gone = await startSshAgent();
    await gone.stop();
    await expect(listAgentKeys(gone.environment)).rejects.toMatchObject({
      code: 'unreachable',
      message: 'the SSH agent cannot be reached',
    });
    await expect(listAgentKeys(ALONE)).rejects.toMatchObject({ code: 'configuration', message: /SSH_AUTH_SOCK is not set/ });
  });
});

/** What a module and the programs it starts show at a terminal of their own, where an answer is typed once a question is asked. */
function atTerminal(code: string, question: RegExp, answer: string): Promise<string> {
  const file = join(room, 'at-terminal.mjs');
  writeFileSync(file, code.replace("'@signwright/signer-ssh'", `'${import.meta.resolve('@signwright/signer-ssh')}'`));
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['-qec', `'${process.execPath}' '${file}'`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    let answered = false;
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      if (!answered && question.test(said)) child.stdin.write(answer);
      answered ||= question.test(said);
    });
    child.on('error', reject);
    child.on('close', () => resolve(said));
  });
}
