import { sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { softwareSecurityKey, ssh, testKeys } from '@signwright/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refused } from '../refused.ts';
import { armorSshSignature, unarmorSshSignature } from './ssh-armor.ts';
import { parseSshPublicKey, type SshPublicKey } from './ssh-public-key.ts';
import { readSshSignature, type SshUserCheck, verifySshSignature } from './ssh-signature.ts';

type Case = { name: string; key: string; namespace: string; signature: string; expect: string };
const vectors = JSON.parse(readFileSync(new URL('vectors/ssh-keygen.json', import.meta.url), 'utf8')) as {
  message: string;
  cases: Case[];
};
const MESSAGE = Buffer.from(vectors.message);
const NAMESPACE = 'https://signwright.dev/approval/v1';
const good = (name: string): Case => vectors.cases.find((one) => one.name === name) as Case;

/** `verified` with what a security key checked, or the refusal's code and message. */
function outcome(
  blob: Uint8Array,
  key: SshPublicKey,
  namespace = NAMESPACE,
  message: Uint8Array = MESSAGE,
): SshUserCheck | string {
  try {
    return verifySshSignature(blob, message, { namespace, key });
  } catch (error) {
    if (error instanceof Refused) return `${error.refusal}: ${error.message}`;
    throw error;
  }
}

test.each(vectors.cases)(
  'a signature that ssh-keygen made: $name is $expect',
  ({ key, namespace, signature, expect: expected }) => {
    const answer = outcome(unarmorSshSignature(signature), parseSshPublicKey(key), namespace);
    if (expected === 'verified') expect(answer).toEqual({});
    else expect(answer).toMatch(new RegExp(`^${expected}: .*digest by "sha256"; only sha512 counts`));
  },
);

test('says whose it is and for what, before it is verified', () => {
  const { key, signature } = good('a commit of git');
  const read = readSshSignature(unarmorSshSignature(signature));
  expect([read.namespace, read.key]).toEqual(['git', parseSshPublicKey(key)]);
});

describe('a signature is refused where', () => {
  const { key: line, signature } = good('ed25519');
  const key = parseSshPublicKey(line);
  const blob = unarmorSshSignature(signature);
  const publicKey = Buffer.from(key.line.split(' ')[1] ?? '', 'base64');

  test('the message is another', () => {
    expect(outcome(blob, key, NAMESPACE, Buffer.from('other'))).toMatch(/^bad-signature: .*SHA256:UJDl1.* does not hold/);
  });
  test('it was made for another namespace', () => {
    expect(outcome(blob, key, 'https://signwright.dev/waiver/v1')).toBe(
      'wrong-predicate: the SSH signature was made for "https://signwright.dev/approval/v1", not for "https://signwright.dev/waiver/v1"',
    );
    expect(outcome(unarmorSshSignature(good('a commit of git').signature), key)).toMatch(/^wrong-predicate: .*made for "git"/);
  });
  test('it is by another key', () => {
    const other = parseSshPublicKey(good('ecdsa-256').key);
    expect(outcome(blob, other)).toBe(
      `key-not-listed: the SSH signature is by another key: ${key.fingerprint}, not ${other.fingerprint}`,
    );
  });

  const keys = testKeys('ed25519', 'ssh');
  const mine = parseSshPublicKey(
    `ssh-ed25519 ${Buffer.concat([ssh.string('ssh-ed25519'), ssh.numbersOf(keys.publicKey)]).toString('base64')}`,
  );
  const parts = (over: Buffer = ssh.signedData(NAMESPACE, MESSAGE)): ssh.SshsigParts => ({
    publicKey: Buffer.from(mine.line.split(' ')[1] ?? '', 'base64'),
    namespace: NAMESPACE,
    signature: Buffer.concat([ssh.string('ssh-ed25519'), ssh.string(ssh.rawSignature(keys.privateKey, null, over))]),
  });
  const cases: [string, Uint8Array, string][] = [
    ['it is something else', Buffer.from('SSHSIH'), 'malformed: the SSH signature does not begin with SSHSIG'],
    ['it is nothing', Buffer.alloc(0), 'malformed: the SSH signature does not begin with SSHSIG'],
    ['it is huge', Buffer.alloc(8193), 'malformed: the SSH signature has 8193 bytes; at most 8192 are read'],
    [
      'its version is another',
      ssh.sshsig({ ...parts(), version: 2 }),
      'malformed: the SSH signature has the version 2; 1 is read',
    ],
    ['its magic is another', ssh.sshsig({ ...parts(), magic: 'SSHSIX' }), 'malformed: the SSH signature does not begin'],
    ['it has no namespace', ssh.sshsig({ ...parts(), namespace: '' }), 'malformed: the SSH signature has no namespace'],
    ['its namespace is no ASCII', ssh.sshsig({ ...parts(), namespace: 'é' }), 'malformed: the SSH signature has a name'],
    [
      'its reserved field is used',
      ssh.sshsig({ ...parts(), reserved: 'x' }),
      'malformed: the SSH signature has something in its reserved',
    ],
    [
      'it is over a SHA-256 digest, though it holds',
      ssh.sshsig({ ...parts(ssh.signedData(NAMESPACE, MESSAGE, 'sha256')), hash: 'sha256' }),
      'bad-signature: the SSH signature is over a digest by "sha256"; only sha512 counts',
    ],
    [
      'a byte follows it',
      Buffer.concat([ssh.sshsig(parts()), Buffer.of(0)]),
      'malformed: the SSH signature has 1 bytes too many',
    ],
    [
      'a byte follows what is inside',
      ssh.sshsig({ ...parts(), signature: Buffer.concat([parts().signature, Buffer.of(0)]) }),
      'malformed: the SSH signature has 1 bytes too many',
    ],
    [
      'its algorithm is not one of its key',
      ssh.sshsig({ ...parts(), signature: Buffer.concat([ssh.string('constructor'), ssh.string(Buffer.alloc(64))]) }),
      'bad-signature: the SSH signature is by "constructor"; of a key of type ssh-ed25519 only ssh-ed25519 counts',
    ],
    [
      'it is too short for its key',
      ssh.sshsig({ ...parts(), signature: Buffer.concat([ssh.string('ssh-ed25519'), ssh.string(Buffer.alloc(63))]) }),
      'malformed: the SSH signature has 63 bytes where its key makes 64',
    ],
    [
      'the key inside is weak',
      ssh.sshsig({ ...parts(), publicKey: Buffer.concat([ssh.string('ssh-rsa'), ssh.numbersOf(testKeys('rsa1024').publicKey)]) }),
      'malformed: the SSH signature names a key that is not accepted: found an RSA key of 1024 bits',
    ],
    [
      'a certificate is inside',
      ssh.sshsig({ ...parts(), publicKey: Buffer.concat([ssh.string('ssh-ed25519-cert-v01@openssh.com'), publicKey]) }),
      'malformed: the SSH signature names a key that is not accepted: found a certificate',
    ],
  ];
  test('nothing is wrong, it is not', () => {
    expect(outcome(ssh.sshsig(parts()), mine)).toEqual({});
  });
  test.each(cases)('%s', (_, bytes, expected) => {
    expect(outcome(bytes, mine)).toContain(expected);
  });

  test('it is by RSA with SHA-1, though it holds; by SHA-512 and SHA-256 it is not', () => {
    const rsa = testKeys('rsa2048');
    const blob = Buffer.concat([ssh.string('ssh-rsa'), ssh.numbersOf(rsa.publicKey)]);
    const key = parseSshPublicKey(`ssh-rsa ${blob.toString('base64')}`);
    const by = (name: string, hash: string, from = 0): SshUserCheck | string => {
      const raw = sign(hash, ssh.signedData(NAMESPACE, MESSAGE), rsa.privateKey).subarray(from);
      const signature = Buffer.concat([ssh.string(name), ssh.string(raw)]);
      return outcome(ssh.sshsig({ publicKey: blob, namespace: NAMESPACE, signature }), key);
    };
    expect(by('rsa-sha2-512', 'sha512')).toEqual({});
    expect(by('rsa-sha2-256', 'sha256')).toEqual({});
    expect(by('ssh-rsa', 'sha1')).toBe(
      'bad-signature: the SSH signature is by RSA with SHA-1 (ssh-rsa); of a key of type ssh-rsa only rsa-sha2-512 or rsa-sha2-256 counts',
    );
    expect(by('rsa-sha2-512', 'sha256')).toMatch(/^bad-signature: .* does not hold/);
    expect(by('rsa-sha2-512', 'sha512', 1)).toMatch(/^malformed: .* has 255 bytes where its key makes 256/);
  });

  test('a number of its ECDSA signature is zero, negative, padded or larger than the curve', () => {
    const ec = testKeys('p256');
    const publicKey = Buffer.concat([ssh.string('ecdsa-sha2-nistp256'), ssh.numbersOf(ec.publicKey)]);
    const key = parseSshPublicKey(`ecdsa-sha2-nistp256 ${publicKey.toString('base64')}`);
    const by = (...numbers: Uint8Array[]): SshUserCheck | string => {
      const signature = Buffer.concat([ssh.string('ecdsa-sha2-nistp256'), ssh.string(Buffer.concat(numbers))]);
      return outcome(ssh.sshsig({ publicKey, namespace: NAMESPACE, signature }), key);
    };
    expect(by(ssh.rawSignature(ec.privateKey, 'sha256', ssh.signedData(NAMESPACE, MESSAGE)))).toEqual({});
    const one = ssh.mpint(Buffer.of(1));
    expect(by(one, one)).toMatch(/^bad-signature/);
    for (const number of ['', '00', '0001', '81', '01'.repeat(33)].map((hex) => ssh.string(Buffer.from(hex, 'hex')))) {
      expect(by(number, one)).toMatch(/^malformed/);
      expect(by(one, number)).toMatch(/^malformed/);
    }
    expect(by(one)).toMatch(/^malformed: .*cut short/);
    expect(by(one, one, one)).toMatch(/^malformed: .*too many/);
  });
});

describe.each(['ed25519', 'ecdsa'] as const)('a security key (%s)', (algorithm) => {
  const made = softwareSecurityKey({ algorithm });
  const key = parseSshPublicKey(made.line);

  test('counts where it checked that somebody was there, and who', () => {
    expect(outcome(made.sign(MESSAGE, NAMESPACE), key)).toEqual({ presence: true, verification: true });
  });

  test.each([
    [false, true, 'did not check that somebody touched it'],
    [true, false, 'did not check who touched it, by PIN or fingerprint'],
    [false, false, 'did not check that somebody touched it, nor who touched it, by PIN or fingerprint'],
  ])('does not count where it says it did not: presence %s, verification %s', (presence, verification, expected) => {
    const signature = softwareSecurityKey({ algorithm, presence, verification }).sign(MESSAGE, NAMESPACE);
    expect(outcome(signature, key)).toBe(`user-not-verified: the security key ${key.fingerprint} ${expected}`);
  });

  test('does not count where flags or counter were changed afterwards', () => {
    const signature = softwareSecurityKey({ algorithm, verification: false }).sign(MESSAGE, NAMESPACE);
    for (let back = 1; back <= 5; back++) {
      const changed = Buffer.from(signature);
      changed.writeUInt8(changed.readUInt8(changed.length - back) ^ 0x04, changed.length - back);
      expect(outcome(changed, key)).toMatch(/^bad-signature: .* does not hold/);
    }
  });

  test('does not count for another application', () => {
    const other = softwareSecurityKey({ algorithm, application: 'ssh:other' });
    expect(outcome(other.sign(MESSAGE, NAMESPACE), key)).toMatch(
      /^key-not-listed: .*, for the application "ssh:other" and not "ssh:"$/,
    );
    expect(outcome(other.sign(MESSAGE, NAMESPACE), parseSshPublicKey(other.line))).toEqual({
      presence: true,
      verification: true,
    });
  });
});

test('a signature with any bit flipped, cut short or over another message is refused', () => {
  const made = [
    ...vectors.cases
      .filter((one) => one.expect === 'verified' && one.namespace === NAMESPACE)
      .map((one) => ({ key: parseSshPublicKey(one.key), blob: unarmorSshSignature(one.signature) })),
    ...(['ed25519', 'ecdsa'] as const)
      .map((algorithm) => softwareSecurityKey({ algorithm }))
      .map((one) => ({ key: parseSshPublicKey(one.line), blob: one.sign(MESSAGE, NAMESPACE) })),
  ];
  const property = fc.property(fc.constantFrom(...made), fc.nat(), ({ key, blob }, where) => {
    expect(outcome(blob, key)).toBeTypeOf('object');
    expect(outcome(flip(blob, where), key)).toBeTypeOf('string');
    expect(outcome(blob.subarray(0, where % blob.length), key)).toMatch(/^malformed/);
    expect(outcome(blob, key, NAMESPACE, flip(MESSAGE, where))).toMatch(/^bad-signature/);
  });
  fc.assert(property, { numRuns: 500 });
});

function flip(bytes: Uint8Array, where: number): Buffer {
  const bit = where % (bytes.length * 8);
  return Buffer.from(bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)));
}

describe('the text form', () => {
  test.each(vectors.cases)('is what ssh-keygen writes, both ways: $name', ({ signature }) => {
    expect(armorSshSignature(unarmorSshSignature(signature))).toBe(signature);
  });

  test('gives back any bytes, with line breaks of any kind', () => {
    const property = fc.property(fc.uint8Array({ minLength: 1, maxLength: 600 }), (bytes) => {
      expect(unarmorSshSignature(armorSshSignature(bytes))).toEqual(Buffer.from(bytes));
      expect(unarmorSshSignature(armorSshSignature(bytes).replaceAll('\n', '\r\n'))).toEqual(Buffer.from(bytes));
    });
    fc.assert(property);
  });

  const text = good('ed25519').signature;
  test.each([
    ['text before it', `x\n${text}`],
    ['text after it', `${text}x\n`],
    ['a second one', `${text}${text}`],
    ['no end', text.slice(0, 200)],
    ['another name', text.replaceAll('SSH', 'PGP')],
    ['nothing inside', armorSshSignature(Buffer.alloc(0))],
    ['what is not base64', text.replace('U1NI', 'U1N!')],
    ['blanks inside', text.replace('U1NI', 'U1N I')],
    ['base64 that is cut short', text.replace('\n-----END', '=\n-----END')],
    ['far too much', armorSshSignature(Buffer.alloc(16_384))],
  ])('is refused with %s', (_, changed) => {
    expect(() => unarmorSshSignature(changed)).toThrow(Refused);
  });
});
