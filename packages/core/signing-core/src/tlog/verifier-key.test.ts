import { createPublicKey } from 'node:crypto';
import { type TestKeyType, testKeys } from '@signwright/testkit';
import { expect, test } from 'vitest';
import { SignwrightError } from '../error.ts';
import { parseVerifierKey, verifierKeyOf } from './verifier-key.ts';

/** C2SP signed-note's own example. */
const EXAMPLE = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
/** The public key of Sigstore's first Rekor log, as transparency-dev/formats writes it; the log's own ID begins with its hash. */
const REKOR =
  'rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=';

const failure = (act: () => unknown): { code: string; message: string; where: string | undefined; next: string | undefined } => {
  try {
    act();
  } catch (error) {
    if (error instanceof SignwrightError) return error;
    throw error;
  }
  throw new Error('accepted');
};

test('keys of others are read: Ed25519 and ECDSA', () => {
  expect(parseVerifierKey(EXAMPLE, 'here', 'log')).toMatchObject({
    name: 'example.com/foo',
    hash: 0x530d903a,
    type: 'ed25519',
    text: EXAMPLE,
  });
  expect(parseVerifierKey(REKOR, 'here', 'log')).toMatchObject({ name: 'rekor.sigstore.dev', hash: 0xc0d23d6a, type: 'ecdsa' });
});

test.each([
  ['ed25519', 'log', 'ed25519'],
  ['p256', 'log', 'ecdsa'],
  ['ed25519', 'witness', 'cosignature'],
] as const)('an %s key of a %s is written and read', (keyType, use, type) => {
  const { publicKey } = testKeys(keyType);
  const key = verifierKeyOf('logs.example/übung', publicKey, use);
  expect(key).toMatchObject({ name: 'logs.example/übung', type });
  const read = parseVerifierKey(key.text, 'here', use);
  expect({ ...read, publicKey: undefined }).toEqual({ ...key, publicKey: undefined });
  expect(read.publicKey.equals(publicKey)).toBe(true);
});

test('one key has another ID as a log than as a witness', () => {
  const { publicKey } = testKeys('ed25519');
  expect(verifierKeyOf('a.example', publicKey, 'log').hash).not.toBe(verifierKeyOf('a.example', publicKey, 'witness').hash);
});

test("a log's key given as a witness's is refused with how to write it as one", () => {
  const { next, message } = failure(() => parseVerifierKey(EXAMPLE, 'here', 'witness'));
  expect(message).toContain("is a log's, and a witness's was expected");
  const written = (next as string).split(' ').at(-1) as string;
  expect(parseVerifierKey(written, 'here', 'witness').publicKey.equals(parseVerifierKey(EXAMPLE, 'here').publicKey)).toBe(true);
  expect(failure(() => parseVerifierKey(REKOR, 'here', 'witness')).next).toContain('an Ed25519 key for a witness');
  expect(failure(() => parseVerifierKey(written, 'here', 'log')).message).toContain("is a witness's, and a log's was expected");
});

const [NAME, HASH, MATERIAL] = EXAMPLE.split('+') as [string, string, string];
const materialOf = (...bytes: number[]): string => Buffer.from(bytes).toString('base64');
test.each([
  ['nothing', '', 'is not a name, eight hex digits and base64'],
  ['no name', `+${HASH}+${MATERIAL}`, 'is not a name'],
  ['a name with a space', `a b+${HASH}+${MATERIAL}`, 'is not a name'],
  ['a name with a no-break space', `a\u00a0b+${HASH}+${MATERIAL}`, 'is not a name'],
  ['a name with a line break', `a\nb+${HASH}+${MATERIAL}`, 'is not a name'],
  ['a name with an escape', `a\u001bb+${HASH}+${MATERIAL}`, 'is not a name'],
  ['a name of 256 bytes', `${'a'.repeat(256)}+${HASH}+${MATERIAL}`, 'is not a name'],
  ['a line break at its end', `${EXAMPLE}\n`, 'is not a name'],
  ['an ID in capitals', `${NAME}+${HASH.toUpperCase()}+${MATERIAL}`, 'is not a name'],
  ['a short ID', `${NAME}+${HASH.slice(1)}+${MATERIAL}`, 'is not a name'],
  ['another ID', `${NAME}+530d903b+${MATERIAL}`, 'which its name and key make'],
  ['another name', `example.com/fou+${HASH}+${MATERIAL}`, 'which its name and key make'],
  ['base64 that has spare bits', `${NAME}+${HASH}+${MATERIAL.slice(0, -1)}l=`, 'base64'],
  ['base64url', `${NAME}+${HASH}+${MATERIAL.slice(0, -1)}_`, 'is not a name'],
  ['a missing byte', `${NAME}+${HASH}+${Buffer.from(MATERIAL, 'base64').subarray(0, -1).toString('base64')}`, 'holds no Ed25519'],
  ['a byte too many', `${NAME}+${HASH}+${materialOf(1, ...Buffer.alloc(33))}`, 'holds no Ed25519 key'],
  ['an ECDSA key that is none', `${NAME}+${HASH}+${materialOf(2, 0x30, 0)}`, 'holds no P-256 key'],
  ['a tree head key', `${NAME}+${HASH}+${materialOf(5, 1, 2)}`, 'is of type 0x05 (RFC 6962 tree head)'],
  ['a post-quantum key', `${NAME}+${HASH}+${materialOf(6, 1, 2)}`, 'is of type 0x06 (ML-DSA-44 cosignature)'],
  ['a key of unknown type', `${NAME}+${HASH}+${materialOf(0xfa, 1, 2)}`, 'is of type 0xfa (unknown)'],
  ['four thousand bytes', `${NAME}+${HASH}+${'A'.repeat(4000)}`, 'is not a name'],
])('a verifier key with %s is refused, with where it is written', (_, text, why) => {
  const { code, message, where } = failure(() => parseVerifierKey(text, 'policy.yaml:3'));
  expect({ code, where }).toEqual({ code: 'configuration', where: 'policy.yaml:3' });
  expect(message).toContain(why);
});

test('an ECDSA key is read only with the curve P-256 and in its one encoding', () => {
  const spki = testKeys('p384').publicKey.export({ type: 'spki', format: 'der' });
  const text = `${NAME}+${HASH}+${Buffer.concat([Buffer.of(2), spki]).toString('base64')}`;
  expect(failure(() => parseVerifierKey(text, 'here')).message).toContain('holds no P-256 key');
  const point = testKeys('p256').publicKey.export({ type: 'spki', format: 'der' });
  const longer = `${NAME}+${HASH}+${Buffer.concat([Buffer.of(2), point, Buffer.of(0)]).toString('base64')}`;
  expect(failure(() => parseVerifierKey(longer, 'here')).code).toBe('configuration');
});

test.each([
  ['rsa2048', 'log', 'an RSA 2048 key cannot sign for the log'],
  ['p384', 'log', 'an EC secp384r1 key cannot sign for the log'],
  ['rsa2048', 'witness', 'an RSA 2048 key cannot sign for the witness'],
  ['p256', 'witness', 'an EC prime256v1 key cannot sign for the witness'],
] as [TestKeyType, 'log' | 'witness', string][])('an %s key for a %s is refused with what to use', (type, use, message) => {
  const refused = failure(() => verifierKeyOf('a.example', testKeys(type).publicKey, use));
  expect(refused.message).toContain(message);
  expect(refused.next).toContain('use an Ed25519 or ECDSA P-256 key for a log');
});

test.each(['', 'a b', 'a+b', 'a\u0007b', 'a'.repeat(256)])('%j cannot name a log', (name) => {
  expect(failure(() => verifierKeyOf(name, testKeys('ed25519').publicKey, 'log')).code).toBe('configuration');
});

test('a compressed point is no second way to write a key', () => {
  const jwk = testKeys('p256').publicKey.export({ format: 'jwk' });
  const odd = (Buffer.from(jwk.y as string, 'base64url').at(-1) as number) & 1;
  const point = Buffer.concat([Buffer.of(2 + odd), Buffer.from(jwk.x as string, 'base64url')]);
  const spki = Buffer.concat([Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex'), point]);
  expect(createPublicKey({ key: spki, format: 'der', type: 'spki' }).asymmetricKeyType).toBe('ec');
  const text = `${NAME}+${HASH}+${Buffer.concat([Buffer.of(2), spki]).toString('base64')}`;
  expect(failure(() => parseVerifierKey(text, 'here')).code).toBe('configuration');
});
