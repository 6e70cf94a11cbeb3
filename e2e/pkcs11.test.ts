import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, verify } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPkcs11Signer } from '@signwright/signer-pkcs11';
import {
  algorithmsOf,
  type Environment,
  type Pkcs11Reference,
  parseKeyReference,
  type RemoteKeyOptions,
  SIGNATURE_ALGORITHMS,
  type Signer,
  type SignwrightError,
} from '@signwright/signing-core';
import { freshKeys, type RemoteKeyFault, remoteSignerContract, signerContract, testCertificate } from '@signwright/testkit';
import pkcs11 from 'pkcs11js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describePeer } from './peers.ts';
import { makeSoftHsm, type SoftHsm, type SoftToken } from './softhsm.ts';

const P256 = { label: 'key', id: '01', type: 'p256' } as const;
const imported = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const certified = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const certificate = testCertificate({ subject: 'a key', keys: certified }).der.toString('base64');

const TOKENS = [
  {
    label: 'release',
    keys: [
      { label: 'p256', id: '10', type: 'p256' },
      { label: 'p384', id: '11', type: 'p384' },
      { label: 'rsa2048', id: '12', type: 'rsa2048' },
      { label: 'rsa4096', id: '13', type: 'rsa4096' },
      { label: 'ed25519', id: '14', type: 'ed25519' },
      { label: 'asks each time', id: '15', type: 'p256', alwaysAuthenticate: true },
      { label: 'may not sign', id: '16', type: 'p256', sign: false },
      { label: 'koblitz', id: '17', type: 'secp256k1' },
      { label: 'short', id: '18', type: 'rsa1024' },
      { label: 'alone', id: '19', type: 'p256', pem: pemOf(imported.privateKey) },
      { label: 'certified', id: '1a', type: 'p256', pem: pemOf(certified.privateKey), certificate },
      { label: 'rsa alone', id: '1b', type: 'rsa2048', publicObject: false },
      { label: 'twin', id: '2025', type: 'p256' },
      { label: 'twin', id: '2026', type: 'p256' },
    ],
  },
  { label: 'same', keys: [P256] },
  { label: 'same', keys: [P256] },
  { label: 'wrong PIN', keys: [P256] },
  { label: 'replaced', keys: [P256] },
  // Each test of the contract has a token to itself: what befalls one stays.
  ...Array.from({ length: 20 }, (_, index) => ({ label: `spare ${index}`, keys: [P256] })),
] as const;

let hsm: SoftHsm;
let pinFile: string;

function referenceTo(path: string): Pkcs11Reference {
  return parseKeyReference(`pkcs11:${path}?module-path=${hsm.library}`) as Pkcs11Reference;
}

function open(path: string, options: RemoteKeyOptions & { environment?: Environment } = {}): Promise<Signer> {
  return createPkcs11Signer(referenceTo(path), { environment: { SIGNWRIGHT_PKCS11_PIN: hsm.pin }, ...options });
}

async function refusal(work: Promise<unknown>): Promise<SignwrightError> {
  const error = await work.then(
    () => undefined,
    (thrown: SignwrightError) => thrown,
  );
  expect(error).toMatchObject({ name: 'SignwrightError' });
  expect(`${error?.message} ${error?.next} ${error?.where} ${error?.stack}`).not.toContain(hsm.pin);
  return error as SignwrightError;
}

async function signs(signer: Signer, message: Buffer = randomBytes(100)): Promise<boolean> {
  const key = await signer.publicKey();
  const [algorithm] = algorithmsOf(key);
  const { hash } = SIGNATURE_ALGORITHMS[algorithm];
  const signature = await signer.sign({ algorithm, digest: createHash(hash).update(message).digest(), message });
  return verify(algorithm === 'ed25519' ? null : hash, message, key, signature);
}

/** Somebody else who uses a token of ours, in this process. */
function elsewhere<T>({ slot }: SoftToken, work: (cryptoki: pkcs11.PKCS11, session: Buffer, key: Buffer) => T): T {
  const cryptoki = new pkcs11.PKCS11();
  cryptoki.load(hsm.library);
  const quietly = (name: string, call: () => void): void => {
    try {
      call();
    } catch (error) {
      if (!(error as Error).message.includes(name)) throw error;
    }
  };
  quietly('CKR_CRYPTOKI_ALREADY_INITIALIZED', () => cryptoki.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK }));
  const handle = cryptoki.C_GetSlotList(true).find((one) => one.readUInt32LE(0) === slot) as Buffer;
  const session = cryptoki.C_OpenSession(handle, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
  quietly('CKR_USER_ALREADY_LOGGED_IN', () => cryptoki.C_Login(session, pkcs11.CKU_USER, hsm.pin));
  cryptoki.C_FindObjectsInit(session, [{ type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY }]);
  const [key] = cryptoki.C_FindObjects(session, 1);
  cryptoki.C_FindObjectsFinal(session);
  return work(cryptoki, session, key as Buffer);
}

/** The token is no longer where the library finds it. */
function takeAway({ serial }: SoftToken): void {
  const name = readdirSync(hsm.tokenDirectory).find((one) => one.replaceAll('-', '').endsWith(serial)) as string;
  mkdirSync(join(hsm.directory, 'away'), { recursive: true });
  renameSync(join(hsm.tokenDirectory, name), join(hsm.directory, 'away', name));
}

/** Runs a program of its own with these tokens. @returns what it said, or how it ended badly. */
function runApart(program: string): Promise<string> {
  const head = `import { createPkcs11Signer } from '@signwright/signer-pkcs11'; import { parseKeyReference } from '@signwright/signing-core';
    const open = (path) => createPkcs11Signer(parseKeyReference('pkcs11:' + path + '?module-path=${hsm.library}'),
      { environment: process.env });
    const sign = (signer) => signer.sign({ algorithm: 'ecdsa-p256-sha256', digest: Buffer.alloc(32, 7) });`;
  const args = ['--conditions=source', '--input-type=module', '--eval', `${head}\n${program}`];
  const env = { ...process.env, SIGNWRIGHT_PKCS11_PIN: hsm.pin };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env, cwd: join(import.meta.dirname, '..'), timeout: 60_000 }, (error, stdout, stderr) =>
      resolve(error === null ? stdout.trim() : `ended by ${error.signal ?? error.code}: ${stderr}`),
    );
  });
}

describePeer('softhsm2-util', 'a key on a SoftHSM token', () => {
  let spare = 5;
  beforeAll(() => {
    hsm = makeSoftHsm(TOKENS);
    process.env['SOFTHSM2_CONF'] = hsm.configuration;
    pinFile = join(hsm.directory, 'pin');
    writeFileSync(pinFile, `${hsm.pin}\n`, { mode: 0o600 });
  });
  afterAll(() => {
    delete process.env['SOFTHSM2_CONF'];
    hsm.remove();
  });

  for (const key of ['p256', 'p384', 'rsa2048', 'rsa4096', 'ed25519', 'asks each time'])
    signerContract(`${key} on SoftHSM`, () => open(`token=release;object=${key}`));

  test('is opened with the PIN in a file of one line', async () => {
    const text = `pkcs11:token=release;id=%10?module-path=${hsm.library}&pin-source=file:${pinFile}`;
    expect(await signs(await createPkcs11Signer(parseKeyReference(text) as Pkcs11Reference, { environment: {} }))).toBe(true);
  });

  test('signs 200 times, 32 at once, each its own', async () => {
    for (const key of ['p256', 'rsa2048', 'asks each time']) {
      const signer = await open(`token=release;object=${key}`);
      const left = Array.from({ length: 200 }, (_, index) => Buffer.from(`message ${index}`));
      const held: boolean[] = [];
      const work = async (): Promise<void> => {
        for (let next = left.pop(); next !== undefined; next = left.pop()) held.push(await signs(signer, next));
      };
      await Promise.all(Array.from({ length: 32 }, work));
      expect(held).toEqual(Array.from({ length: 200 }, () => true));
    }
  });

  test('signs beside another key of its token and one of another token, all opened at once', async () => {
    const serial = hsm.tokens[2]?.serial;
    const signers = await Promise.all(
      ['token=release;object=p256', 'token=release;object=ed25519', `serial=${serial};object=key`].map((path) => open(path)),
    );
    const signed = await Promise.all(Array.from({ length: 60 }, (_, index) => signs(signers[index % 3] as Signer)));
    expect(signed).not.toContain(false);
  });

  test('is not opened with a wrong PIN, which is tried once a process', async () => {
    const environment = { SIGNWRIGHT_PKCS11_PIN: 'marlinspike' };
    const token = hsm.tokens[3] as SoftToken;
    const first = await refusal(open('token=wrong%20PIN;object=key', { environment }));
    expect(first).toMatchObject({ code: 'configuration', where: 'the environment variable SIGNWRIGHT_PKCS11_PIN' });
    expect(first.message).toBe('the PIN of the token "wrong PIN" is wrong (CKR_PIN_INCORRECT); it is not tried again');
    expect(first.next).toMatch(/locks/);
    expect(`${first.message} ${first.next} ${first.stack}`).not.toContain('marlinspike');
    expect(await refusal(open(`slot-id=${token.slot};id=%01`))).toBe(first);
  });

  test('is named by one token: of two with its label the serial number or the slot says which', async () => {
    const [, one, other] = hsm.tokens as readonly [SoftToken, SoftToken, SoftToken];
    const both = await refusal(open('token=same;object=key'));
    expect(both).toMatchObject({ code: 'configuration', message: '2 tokens match: "same", "same"' });
    expect(both.next).toMatch(/serial=/);
    const found = [await open(`token=same;serial=${one.serial};object=key`), await open(`slot-id=${other.slot};object=key`)];
    const keys = await Promise.all(found.map((signer) => signer.publicKey()));
    expect(keys[0]?.equals(keys[1] as KeyObject)).toBe(false);
    const none = await refusal(open('token=nowhere;object=key'));
    expect(none).toMatchObject({ code: 'configuration', message: expect.stringMatching(/^no such token; there is "/) });
  });

  test('is named by one key: of two with its label the id says which', async () => {
    const both = await refusal(open('token=release;object=twin'));
    expect(both).toMatchObject({ code: 'configuration', message: expect.stringMatching(/2 private keys/) });
    expect(both.message).toMatch(/%20%25/);
    expect(await signs(await open('token=release;object=twin;id=%20%25'))).toBe(true);
    const none = await refusal(open('token=release;object=nothing'));
    expect(none).toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/no such key: the token "release" has "p256"/),
    });
  });

  test('that may not sign, or is weak, is refused by name', async () => {
    expect(await refusal(open('token=release;object=may%20not%20sign'))).toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/CKA_SIGN/),
    });
    expect((await refusal(open('token=release;object=koblitz'))).message).toMatch(/secp256k1/);
    expect((await refusal(open('token=release;object=short'))).message).toMatch(/RSA key of 1024 bits/);
  });

  test('is known by a certificate with its id, or by its own modulus, where there is no public key object', async () => {
    const signer = await open('token=release;object=certified');
    expect((await signer.publicKey()).equals(certified.publicKey)).toBe(true);
    expect(await signs(signer)).toBe(true);
    expect(await signs(await open('token=release;object=rsa%20alone'))).toBe(true);
  });

  test('is the pinned one where the token shows no public key, once a signature has proved it', async () => {
    expect((await refusal(open('token=release;object=alone'))).message).toMatch(/does not say what the public key is/);
    const signer = await open('token=release;object=alone', { publicKey: imported.publicKey });
    expect(await signs(signer)).toBe(true);
    expect(await refusal(open('token=release;object=alone', { publicKey: freshKeys().publicKey }))).toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/does not belong to the public key/),
    });
  });

  test('is found again after all its sessions were closed, which logs everyone out', async () => {
    const signer = await open('token=replaced;object=key');
    expect(await signs(signer)).toBe(true);
    const token = hsm.tokens[4] as SoftToken;
    const slot = Buffer.alloc(8);
    slot.writeUInt32LE(token.slot);
    elsewhere(token, (cryptoki) => cryptoki.C_CloseAllSessions(slot));
    expect(await Promise.all(Array.from({ length: 32 }, () => signs(signer)))).not.toContain(false);
  });

  test('is not looked for in what is no PKCS#11 library', async () => {
    const text = join(hsm.directory, 'text.so');
    writeFileSync(text, 'no library');
    const report = process.report.getReport() as unknown as { readonly sharedObjects: readonly string[] };
    const other = report.sharedObjects.find((path) => /libm[.-]/.test(path)) as string;
    for (const path of [text, other]) {
      const reference = parseKeyReference(`pkcs11:object=key?module-path=${path}`) as Pkcs11Reference;
      expect(await refusal(createPkcs11Signer(reference, { environment: {} }))).toMatchObject({
        code: 'configuration',
        message: expect.stringMatching(/no PKCS#11 library/),
      });
    }
  });

  test('lets its process end by itself', async () => {
    const said = await runApart(`const signer = await open('token=release;object=p256');
      await Promise.all(Array.from({ length: 64 }, () => sign(signer)));
      const last = performance.now(); process.on('exit', () => console.log(performance.now() - last < 500 ? 'at once' : 'late'));`);
    expect(said).toBe('at once');
  });

  test('lets its process be ended while it signs', async () => {
    const said = await runApart(`const signer = await open('token=release;object=rsa4096');
      for (let i = 0; i < 64; i++) signer.sign({ algorithm: 'rsa-pkcs1-sha256', digest: Buffer.alloc(32, 7) }).catch(() => {});
      setTimeout(() => { console.log('ends'); process.exit(0); }, 20);`);
    expect(said).toBe('ends');
  });

  // Last, for it takes tokens away: whoever looks for another one is then told that some do not answer.
  remoteSignerContract('p256 on SoftHSM', async () => {
    const token = hsm.tokens[spare++] as SoftToken;
    let pin = hsm.pin;
    const faults: { readonly [fault in RemoteKeyFault]?: () => void } = {
      'no permission to read the key': () => {
        pin = 'not the PIN';
      },
      'no permission to sign': () =>
        elsewhere(token, (cryptoki, session, key) =>
          cryptoki.C_SetAttributeValue(session, key, [{ type: pkcs11.CKA_SIGN, value: false }]),
        ),
      'no such key': () => elsewhere(token, (cryptoki, session, key) => cryptoki.C_DestroyObject(session, key)),
      down: () => takeAway(token),
    };
    return {
      open: (options) => open(`token=${token.label};object=key`, { ...options, environment: { SIGNWRIGHT_PKCS11_PIN: pin } }),
      fault: (fault) => (fault === undefined ? undefined : faults[fault]?.()),
      faults: Object.keys(faults) as RemoteKeyFault[],
      permission: { read: /PIN/, sign: /CKA_SIGN/ },
      secrets: [hsm.pin, 'not the PIN'],
    };
  });
});
