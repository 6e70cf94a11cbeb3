import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import {
  type Environment,
  parseSshPublicKey,
  readSshSignature,
  SignwrightError,
  verifySshSignature,
} from '@signwright/signing-core';
import { createSshKey, hasSshKeygen, softwareSecurityKey, type TestSshKey, type TestSshKeyType } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSshSigner } from './index.ts';

const MESSAGE = Buffer.from('DSSEv1 28 application/vnd.in-toto+json 2 {}');
const NAMESPACE = 'https://signwright.dev/approval/v1';

let room: string;
const made: TestSshKey[] = [];
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'signwright-ssh-signer-'));
});
afterAll(() => {
  for (const key of made) key.remove();
  rmSync(room, { recursive: true, force: true });
});

function newKey(type: TestSshKeyType = 'ed25519', options: { passphrase?: string } = {}): TestSshKey {
  const key = createSshKey(type, options);
  made.push(key);
  return key;
}

/** An environment without an agent, a display or anybody to ask. */
const alone: Environment = { PATH: process.env['PATH'], HOME: '/nonexistent' };

/** A script under a name in a directory of its own, first on PATH; where the system's programs are it knows by itself. */
function program(name: string, script: string): Environment {
  const directory = mkdtempSync(join(room, 'bin-'));
  writeFileSync(join(directory, name), `#!/bin/sh\nPATH="$PATH:/usr/bin:/bin"\n${script}\n`, { mode: 0o755 });
  return { ...alone, PATH: `${directory}${delimiter}${process.env['PATH']}` };
}

/** A program that answers what is asked for, as SSH_ASKPASS wants it. */
function asker(script: string): Environment {
  const environment = program('askpass', script);
  const path = join((environment['PATH'] ?? '').split(delimiter)[0] ?? '', 'askpass');
  return { ...alone, SSH_ASKPASS: path, SSH_ASKPASS_REQUIRE: 'force' };
}

async function failure(work: Promise<unknown>): Promise<SignwrightError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SignwrightError);
  return error as SignwrightError;
}

const signed = async (key: string, environment: Environment = alone): Promise<Uint8Array> =>
  (await createSshSigner({ key, environment })).sign(MESSAGE, NAMESPACE);

describe.skipIf(!hasSshKeygen)(`a person's key in a file${hasSshKeygen ? '' : ' (skipped: there is no ssh-keygen)'}`, () => {
  test.each(['ed25519', 'ecdsa-256', 'ecdsa-384', 'ecdsa-521', 'rsa-2048'] as const)(
    'signs for a namespace: %s',
    async (type) => {
      const key = newKey(type);
      const signer = await createSshSigner({ key: key.path, environment: alone });
      const blob = await signer.sign(MESSAGE, NAMESPACE);
      expect(signer.publicKey.line).toBe(parseSshPublicKey(key.line).line);
      expect(verifySshSignature(blob, MESSAGE, { namespace: NAMESPACE, key: parseSshPublicKey(key.line) })).toEqual({});
      expect(readSshSignature(await signer.sign(MESSAGE, 'git')).namespace).toBe('git');
    },
  );

  test('may be named by its public half, and may sign a message larger than a pipe holds', async () => {
    const key = newKey();
    const message = Buffer.alloc(3 * 1024 * 1024, 7);
    const blob = await (await createSshSigner({ key: `${key.path}.pub`, environment: alone })).sign(message, NAMESPACE);
    expect(verifySshSignature(blob, message, { namespace: NAMESPACE, key: parseSshPublicKey(key.line) })).toEqual({});
  });

  test('that is encrypted signs once its passphrase was asked for, by SSH_ASKPASS where that is wanted', async () => {
    const key = newKey('ed25519', { passphrase: 'swordfish' });
    expect(readSshSignature(await signed(key.path, asker('echo swordfish'))).key.line).toBe(parseSshPublicKey(key.line).line);
  });

  test('that is encrypted does not sign by a wrong passphrase or none, and the error does not show it', async () => {
    const key = newKey('ed25519', { passphrase: 'swordfish' });
    for (const script of ['echo marlinspike', 'exit 1']) {
      const error = await failure(signed(key.path, asker(script)));
      expect(error).toMatchObject({
        code: 'configuration',
        message: 'the passphrase of the SSH key is wrong, or none was given',
      });
      expect(`${error.message}${error.next}${error.stack}`).not.toMatch(/swordfish|marlinspike/);
    }
  });

  test('that is encrypted is not waited for where there is no terminal, and the message is not taken for its passphrase', async () => {
    const key = newKey('ed25519', { passphrase: 'swordfish' });
    const code = `
      import { createSshSigner } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
      const signer = await createSshSigner({ key: ${JSON.stringify(key.path)}, environment: ${JSON.stringify(alone)} });
      await signer.sign(Buffer.from('swordfish\\n'), 'x').catch((error) => console.log(error.message, '→', error.next));`;
    expect(await runWithoutTerminal(code)).toMatch(
      /^the SSH key is encrypted, and there is no terminal to ask for its passphrase → run this in a terminal, add the key to an agent/,
    );
  });

  test('is refused with the reason where it is not there, is no key that counts, or has no public half', async () => {
    const at = (name: string): string => join(room, name);
    expect(await failure(createSshSigner({ key: at('none') }))).toMatchObject({
      code: 'configuration',
      message: 'there is no such SSH key',
      where: at('none'),
    });
    const weak = newKey('rsa-1024');
    expect((await failure(createSshSigner({ key: weak.path }))).message).toMatch(/RSA key of 1024 bits/);
    copyFileSync(newKey().path, at('lone'));
    expect(await failure(createSshSigner({ key: at('lone') }))).toMatchObject({
      message: `there is no ${at('lone')}.pub beside the private key`,
      next: `write it: ssh-keygen -y -f ${at('lone')} > ${at('lone')}.pub`,
    });
    copyFileSync(newKey().path, at('wrong.pub'));
    expect((await failure(createSshSigner({ key: at('wrong.pub') }))).message).toMatch(/this is a private key/);
    mkdirSync(at('folder.pub'));
    expect((await failure(createSshSigner({ key: at('folder') }))).message).toMatch(/not a regular file/);
  });

  test('is refused with the reason where others can read it, or its public half is of another', async () => {
    const open = newKey();
    chmodSync(open.path, 0o644);
    expect(await failure(signed(open.path))).toMatchObject({
      message: 'the private key can be read by others, so ssh-keygen does not use it',
      next: `chmod 600 ${open.path}`,
    });
    const other = newKey();
    copyFileSync(`${newKey().path}.pub`, `${other.path}.pub`);
    expect((await failure(signed(other.path))).message).toBe(`${other.path}.pub is not of the private key beside it`);
  });

  test('is not found where its private half is neither beside it nor in an agent, and why the agent was no help is said', async () => {
    const path = join(room, 'elsewhere.pub');
    copyFileSync(`${newKey().path}.pub`, path);
    expect(await failure(signed(path))).toMatchObject({
      code: 'configuration',
      message: 'the private half of this SSH key is not beside it, and there is no SSH agent: SSH_AUTH_SOCK is not set',
      where: path,
    });
    const gone = { ...alone, SSH_AUTH_SOCK: join(room, 'gone.sock') };
    expect((await failure(signed(path, gone))).message).toMatch(/not beside it, and the SSH agent cannot be reached$/);
  });
});

describe('whatever ssh-keygen does', () => {
  /** A public key whose private half no test has: what signs is a script in ssh-keygen's place. */
  function securityKey(options: Parameters<typeof softwareSecurityKey>[0] = {}): { path: string; text: string; line: string } {
    const key = softwareSecurityKey(options);
    const path = join(mkdtempSync(join(room, 'sk-')), 'key');
    writeFileSync(`${path}.pub`, `${key.line}\n`);
    const body = key.sign(MESSAGE, NAMESPACE).toString('base64');
    return { path, line: key.line, text: `-----BEGIN SSH SIGNATURE-----\n${body}\n-----END SSH SIGNATURE-----` };
  }
  const answering = (text: string, before = ''): Environment =>
    program('ssh-keygen', `cat >/dev/null\n${before}\ncat <<'END'\n${text}\nEND`);

  test('a signature by a security key that checked its user is passed on, and the person is told when to touch it', async () => {
    const { path, text, line } = securityKey();
    const told: string[] = [];
    const environment = answering(text, 'echo "Signing data" >&2; echo "Confirm user presence for key ED25519-SK" >&2');
    const signer = await createSshSigner({ key: path, environment, tell: (line) => told.push(line) });
    const blob = await signer.sign(MESSAGE, NAMESPACE);
    expect(verifySshSignature(blob, MESSAGE, { namespace: NAMESPACE, key: parseSshPublicKey(line) })).toEqual({
      presence: true,
      verification: true,
    });
    expect(told).toEqual(['Confirm user presence for key ED25519-SK']);
  });

  test('a signature by a security key that asked for no PIN is not, and the command that makes one that does is said', async () => {
    const { path, text } = securityKey({ verification: false });
    const error = await failure(signed(path, answering(text)));
    expect(error).toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/did not check who touched it/) as string,
    });
    expect(error.next).toContain('ssh-keygen -t ed25519-sk -O verify-required');
  });

  test('a signature by another key, over something else, or none at all is refused', async () => {
    const { path, text } = securityKey();
    const other = answering(securityKey({ name: 'another' }).text);
    expect(await failure(signed(path, other))).toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/by another key/) as string,
    });
    const signer = await createSshSigner({ key: path, environment: answering(text) });
    expect((await failure(signer.sign(Buffer.from('else'), NAMESPACE))).message).toMatch(/does not hold/);
    expect((await failure(signed(path, answering('nothing')))).message).toMatch(/is not text between/);
  });

  test.each([
    ['unknown option -- Y', 'this ssh-keygen is too old to sign'],
    ["Couldn't sign message: incorrect passphrase supplied to decrypt private key", 'the PIN of the security key is wrong'],
    ["Couldn't sign message (signer): agent refused operation", 'the SSH agent did not sign: somebody declined there'],
    ["Couldn't sign message: device not found", 'the security key of this SSH key was not found'],
    ['something new\u001b[2J', 'ssh-keygen did not sign: it ended with 255, and said "something new\\u001b[2J"'],
  ])('what it says is explained: %j', async (said, expected) => {
    const environment = program('ssh-keygen', `cat >/dev/null; printf '%s\\n' '${said.replaceAll("'", "'\\''")}' >&2; exit 255`);
    const error = await failure(signed(securityKey().path, environment));
    expect(error.code).toBe('configuration');
    expect(error.message).toContain(expected);
  });

  test('it is stopped at the deadline, by the signal, and where it never stops writing', async () => {
    const { path: key } = securityKey();
    const hanging = program('ssh-keygen', 'exec sleep 60');
    const sign = async (options: object): Promise<unknown> =>
      (await createSshSigner({ key, environment: hanging, ...options })).sign(MESSAGE, 'x');
    expect(await failure(sign({ deadlineMs: 100 }))).toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/after 0\.1 s/) as string,
    });
    expect(await failure(sign({ signal: AbortSignal.timeout(100) }))).toMatchObject({ code: 'cancelled' });
    expect(await failure(sign({ signal: AbortSignal.abort() }))).toMatchObject({ code: 'cancelled' });
    expect((await failure(sign({ environment: program('ssh-keygen', 'exec yes') }))).message).toMatch(/wrote more than/);
  });

  test('it is ended by the person at the terminal', async () => {
    expect(await failure(signed(securityKey().path, program('ssh-keygen', 'kill -INT $$')))).toMatchObject({ code: 'cancelled' });
  });

  test('it gets the key without a file from one that is taken away afterwards', async () => {
    const { line, text } = securityKey();
    const seen = join(room, 'seen');
    const environment = answering(text, `for last; do :; done; echo "$last" > ${seen}; cat "$last" >> ${seen}`);
    const blob = await (await createSshSigner({ key: parseSshPublicKey(line), environment })).sign(MESSAGE, NAMESPACE);
    const key = parseSshPublicKey(line);
    expect(readSshSignature(blob).key.line).toBe(key.line);
    const [path, content] = readFileSync(seen, 'utf8').split('\n');
    expect(content).toBe(key.line);
    expect(existsSync(path ?? '')).toBe(false);
  });

  test('where it is not installed that is said', async () => {
    const { path } = securityKey();
    expect(await failure(signed(path, { PATH: room }))).toMatchObject({
      code: 'configuration',
      message: 'ssh-keygen is not installed',
      next: expect.stringMatching(/openssh-client/) as string,
    });
  });
});

/** What a module prints that runs in a session without a terminal. */
async function runWithoutTerminal(code: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => child.on('close', resolve));
  return Buffer.concat(chunks).toString('utf8');
}
