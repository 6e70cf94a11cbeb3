import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, scryptSync } from 'node:crypto';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { hasOpenssl, openssl, signerContract } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileSigner, passphraseFrom } from './index.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signwright-file-signer-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function keyFile(content: string | Buffer, mode = 0o600): Promise<string> {
  const path = join(directory, `${randomBytes(6).toString('hex')}.key`);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

function pem(key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1' = 'pkcs8'): string {
  return key.export({ type, format: 'pem' }).toString();
}

const p256 = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
const p384 = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey;
const given = (text: string) => passphraseFrom({ environmentVariable: 'KEY_PASSPHRASE' }, { KEY_PASSPHRASE: text });

signerContract('a PKCS#8 file with a P-256 key', async () => createFileSigner({ path: await keyFile(pem(p256())) }));
signerContract('a SEC 1 file with a P-384 key', async () => createFileSigner({ path: await keyFile(pem(p384(), 'sec1')) }));
signerContract('a PKCS#1 file with an RSA key', async () => createFileSigner({ path: await keyFile(pem(rsa, 'pkcs1')) }));
signerContract('a PKCS#8 file with an Ed25519 key', async () =>
  createFileSigner({ path: await keyFile(pem(generateKeyPairSync('ed25519').privateKey)) }),
);
signerContract('an encrypted PKCS#8 file', async () =>
  createFileSigner({ path: await keyFile(encrypted(p256(), 'swordfish')), passphrase: given('swordfish') }),
);
signerContract("cosign's encrypted key", async () =>
  createFileSigner({ path: await keyFile(sealedAsCosign(p256(), 'swordfish')), passphrase: given('swordfish') }),
);

function encrypted(key: KeyObject, passphrase: string): string {
  return key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString();
}

function sealedAsCosign(key: KeyObject, passphrase: string, kdf: object = { N: 65536, r: 8, p: 1 }, label = 'SIGSTORE'): string {
  const [salt, nonce] = [randomBytes(32), randomBytes(24)];
  const secret = scryptSync(passphrase, salt, 32, { N: 65536, r: 8, p: 1, maxmem: 2 ** 28 });
  const ciphertext = xsalsa20poly1305(secret, nonce).encrypt(key.export({ type: 'pkcs8', format: 'der' }));
  const json = JSON.stringify({
    kdf: { name: 'scrypt', params: kdf, salt: salt.toString('base64') },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: Buffer.from(ciphertext).toString('base64'),
  });
  const body = Buffer.from(json).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN ENCRYPTED ${label} PRIVATE KEY-----\n${body}\n-----END ENCRYPTED ${label} PRIVATE KEY-----\n`;
}

/** The error of a signer that must not come about. */
async function refusal(
  content: string | Buffer,
  options: { mode?: number; passphrase?: string } = {},
): Promise<Error & { next?: string }> {
  const path = await keyFile(content, options.mode);
  const passphrase = options.passphrase === undefined ? {} : { passphrase: given(options.passphrase) };
  const error = await createFileSigner({ path, ...passphrase }).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  expect(error).toMatchObject({ name: 'SignwrightError', code: 'configuration' });
  return error as Error;
}

describe('a key file', () => {
  it('is refused when its group or anybody else can read it, with the command that closes it', async () => {
    for (const mode of [0o640, 0o604, 0o620, 0o610]) {
      const error = await refusal(pem(p256()), { mode });
      expect(error.message).toMatch(/read or changed by others/);
      expect(error.next).toMatch(/^chmod 600 /);
    }
  });

  it('may be a symbolic link, and is judged by what it points to', async () => {
    const target = await keyFile(pem(p256()));
    const link = `${target}.link`;
    await symlink(target, link);
    await expect(createFileSigner({ path: link })).resolves.toBeDefined();
    await chmod(target, 0o644);
    await expect(createFileSigner({ path: link })).rejects.toThrow(/by others/);
  });

  it('is refused, not waited for, when it is a pipe or a directory', async () => {
    const pipe = join(directory, 'pipe.key');
    spawnSync('mkfifo', ['-m', '600', pipe]);
    await expect(createFileSigner({ path: pipe })).rejects.toThrow(/not a regular file/);
    await expect(createFileSigner({ path: directory })).rejects.toThrow(/not a regular file/);
  });

  it('is refused when it is missing, empty, huge, or no private key', async () => {
    await expect(createFileSigner({ path: join(directory, 'none') })).rejects.toMatchObject({
      code: 'configuration',
      where: join(directory, 'none'),
    });
    expect((await refusal('')).message).toMatch(/not a private key in PEM/);
    expect((await refusal(Buffer.alloc(65_537))).message).toMatch(/at most 65536/);
    expect((await refusal(openPublic())).message).toMatch(/public key/);
    expect((await refusal(`${pem(p256())}${pem(p256())}`)).message).toMatch(/more than one block/);
    expect((await refusal('-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n')).message).toMatch(
      /OpenSSH/,
    );
  });

  it('is refused by name when its key is weak', async () => {
    const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
    expect((await refusal(pem(curve))).message).toMatch(/secp256k1/);
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    expect((await refusal(pem(short))).message).toMatch(/RSA key of 1024 bits/);
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey;
    expect((await refusal(pem(pss))).message).toMatch(/rsa-pss/);
  });

  function openPublic(): string {
    return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }
});

describe('an encrypted key', () => {
  const kinds = { 'PKCS#8': encrypted, cosign: sealedAsCosign };

  for (const [kind, seal] of Object.entries(kinds)) {
    it(`(${kind}) does not open with a wrong passphrase, and the error shows neither`, async () => {
      const error = await refusal(seal(p256(), 'swordfish'), { passphrase: 'marlinspike' });
      expect(error.message).toMatch(/passphrase is wrong, or the file is damaged/);
      expect(`${error.message}${error.next}${error.stack}`).not.toMatch(/swordfish|marlinspike/);
      expect(error.cause).toBeUndefined();
    });

    it(`(${kind}) says how to give the passphrase when none is`, async () => {
      const error = await refusal(seal(p256(), 'swordfish'));
      expect(error.message).toMatch(/no passphrase/);
      expect(error.next).toMatch(/environment variable or the descriptor/);
    });
  }

  it('of cosign may have the older label and an empty passphrase', async () => {
    const path = await keyFile(sealedAsCosign(p256(), '', undefined, 'COSIGN'));
    await expect(createFileSigner({ path, passphrase: given('') })).resolves.toBeDefined();
  });

  it('of cosign is refused before it can take the memory it asks for', async () => {
    for (const kdf of [
      { N: 2 ** 24, r: 8, p: 1 },
      { N: 65536, r: 8, p: 1000 },
      { N: 65537, r: 8, p: 1 },
      { N: -1, r: 8, p: 1 },
    ]) {
      expect((await refusal(sealedAsCosign(p256(), 'x', kdf), { passphrase: 'x' })).message).toMatch(/out of bounds|malformed/);
    }
  });

  it('of cosign is refused when any part of its seal is changed', async () => {
    const sealed = sealedAsCosign(p256(), 'x');
    const json = JSON.parse(Buffer.from(sealed.replace(/-----[^-]+-----/g, ''), 'base64').toString('utf8'));
    const bytes = Buffer.from(json.ciphertext, 'base64');
    bytes[40] = (bytes[40] as number) ^ 1;
    const body = Buffer.from(JSON.stringify({ ...json, ciphertext: bytes.toString('base64') })).toString('base64');
    const changed = `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${body}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`;
    expect((await refusal(changed, { passphrase: 'x' })).message).toMatch(/does not open/);
  });

  it('in the old PEM form is refused with the command that converts it', async () => {
    const old = p256().export({ type: 'sec1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' }).toString();
    const error = await refusal(old, { passphrase: 'x' });
    expect(error.message).toMatch(/old PEM form/);
    expect(error.next).toMatch(/openssl pkcs8 -topk8/);
  });
});

describe.skipIf(!hasOpenssl)('with OpenSSL', () => {
  it('signs with keys it made, and it verifies the signatures over the message and over the digest', async () => {
    const message = randomBytes(1000);
    const file = await keyFile(message);
    const recipes: [string, string[]][] = [
      ['ecdsa-p256-sha256', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']],
      ['ecdsa-p256-sha256', ['ecparam', '-genkey', '-name', 'prime256v1']],
      ['ecdsa-p384-sha256', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384']],
      ['rsa-pkcs1-sha256', ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']],
      [
        'ecdsa-p256-sha256',
        ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-aes256', '-pass', 'pass:swordfish'],
      ],
    ];
    for (const [algorithm, recipe] of recipes) {
      const signer = await createFileSigner({ path: await keyFile(openssl(recipe)), passphrase: given('swordfish') });
      const publicKey = await keyFile((await signer.publicKey()).export({ type: 'spki', format: 'pem' }).toString());
      const request = { algorithm: algorithm as 'ecdsa-p256-sha256', digest: createHash('sha256').update(message).digest() };
      for (const signature of [await signer.sign({ ...request, message }), await signer.sign(request)]) {
        const said = openssl([
          'dgst',
          '-sha256',
          '-verify',
          publicKey,
          '-signature',
          await keyFile(Buffer.from(signature)),
          file,
        ]);
        expect(said.toString()).toBe('Verified OK\n');
      }
    }
  });
});
