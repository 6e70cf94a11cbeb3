import { readFileSync } from 'node:fs';
import { softwareSecurityKey, ssh, testKeys } from '@signwright/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SignwrightError } from '../error.ts';
import { parseSshPublicKey, readSshPublicKey } from './ssh-public-key.ts';

type Case = { name: string; key: string; fingerprint: string };
const { cases } = JSON.parse(readFileSync(new URL('vectors/ssh-keygen.json', import.meta.url), 'utf8')) as { cases: Case[] };
const MADE = cases.filter(({ name }) => /^(ed|ecdsa|rsa)/.test(name));
const ED = MADE[0]?.key.split(' ').slice(0, 2).join(' ') ?? '';

const line = (type: string, ...fields: Uint8Array[]): string =>
  `${type} ${Buffer.concat([ssh.string(type), ...fields]).toString('base64')}`;
const SK = [softwareSecurityKey({ algorithm: 'ed25519' }).line, softwareSecurityKey({ algorithm: 'ecdsa' }).line];

/** What is said of a line that is refused: the code, then the message and what to do. */
function refusal(text: string): string {
  try {
    parseSshPublicKey(text);
  } catch (error) {
    if (error instanceof SignwrightError) return `${error.code}: ${error.message} (${error.next ?? ''})`;
    throw error;
  }
  return 'accepted';
}

describe('a public key', () => {
  test.each(MADE)('that ssh-keygen made is read, and has the fingerprint it prints: $name', ({ key, fingerprint }) => {
    const read = parseSshPublicKey(key);
    expect(read.fingerprint).toBe(fingerprint);
    expect(key.startsWith(`${read.line} `)).toBe(true);
    expect(key.startsWith(`${read.type} `)).toBe(true);
    expect(read.key.type).toBe('public');
    expect(read.application).toBeUndefined();
  });

  test('on a security key says what it is for', () => {
    expect(SK.map((text) => parseSshPublicKey(text)).map(({ type, application }) => [type, application])).toEqual([
      ['sk-ssh-ed25519@openssh.com', 'ssh:'],
      ['sk-ecdsa-sha2-nistp256@openssh.com', 'ssh:'],
    ]);
  });

  test('is the same with another comment, other blanks, and the line break of its file', () => {
    const [type, base64] = ED.split(' ');
    const lines = [ED, `${ED} bob`, `${ED}\n`, `${ED} ann\r\n`, ` ${type}\t ${base64}\tann at work `];
    expect(new Set(lines.map((text) => parseSshPublicKey(text).line))).toEqual(new Set([ED]));
  });

  test.each([
    [
      '-----BEGIN OPENSSH PRIVATE KEY-----',
      'configuration: this is a private key, where a public one belongs (give the line of the .pub',
    ],
    [line('ssh-dss', ssh.mpint(Buffer.of(7))), 'configuration: found a DSA key, which is too weak (make another key: ssh-keygen'],
    [line('ssh-ed25519-cert-v01@openssh.com'), 'configuration: found a certificate ("ssh-ed25519-cert-v01@openssh.com"), where'],
    [line('ssh-ed448', ssh.string('x')), 'configuration: found a key of type "ssh-ed448"; allowed are ssh-ed25519, sk-ssh-'],
    [`no-pty ${ED}`, 'configuration: found a key of type "no-pty"; allowed are'],
    ['', 'invalid-input: not a whole SSH public key: paste the line'],
    ['ssh-ed25519', 'invalid-input: not a whole SSH public key'],
    [`${ED}\n${ED}`, 'invalid-input: not a whole SSH public key'],
    [`${ED} ${'x'.repeat(20_000)}`, 'invalid-input: not a whole SSH public key'],
    [ED.replace('ssh-ed25519 ', 'ssh-rsa '), 'invalid-input: a public key of type ssh-ed25519, written as ssh-rsa'],
    [(MADE[1]?.key ?? '').replace('= ann', ' ann'), 'invalid-input: not a whole public key of type ecdsa-sha2-nistp256'],
    [`${ED}!`, 'invalid-input: not a whole public key of type ssh-ed25519'],
    [`${ED}AAAA`, 'invalid-input: not a whole public key of type ssh-ed25519: paste the line of the .pub file'],
    [line('ssh-ed25519', ssh.string(Buffer.alloc(31))), 'invalid-input: not a whole public key of type ssh-ed25519'],
    [line('ssh-ed25519', ssh.string(Buffer.alloc(32))), 'invalid-input: a public key of type ssh-ed25519 that is no point'],
    [
      line('sk-ssh-ed25519@openssh.com', ssh.numbersOf(testKeys('ed25519').publicKey)),
      'invalid-input: not a whole public key of type sk-',
    ],
    [softwareSecurityKey({ application: '' }).line, 'invalid-input: not a whole public key of type sk-ssh'],
    [softwareSecurityKey({ application: 'a\nb' }).line, 'invalid-input: not a whole public key of type sk-ssh'],
    [softwareSecurityKey({ application: 'x'.repeat(2048) }).line, 'invalid-input: not a whole public key of type sk-ssh'],
  ])('is refused, and what to do is said: %.60s', (text, expected) => {
    expect(refusal(text)).toContain(expected);
  });

  describe('on an ECDSA curve is refused where', () => {
    const point = Buffer.from(parseSshPublicKey(MADE[1]?.key ?? '').line.split(' ')[1] ?? '', 'base64').subarray(-65);
    const p256 = (curve: string, at: Uint8Array): string => line('ecdsa-sha2-nistp256', ssh.string(curve), ssh.string(at));
    const changed = (index: number, to: number): Buffer => Buffer.from(point.map((byte, at) => (at === index ? to : byte)));

    test('nothing is wrong, it is not', () => {
      expect(refusal(p256('nistp256', point))).toBe('accepted');
    });
    test.each([
      ['its curve is not that of its type', p256('nistp384', point), 'names the curve "nistp384"'],
      ['its curve is unknown', p256('constructor', point), 'names the curve "constructor"'],
      ['its curve is none', p256('', point), 'names the curve ""'],
      ['its point is not on the curve', p256('nistp256', changed(64, (point[64] as number) ^ 1)), 'no point of its curve'],
      ['its point is at infinity', p256('nistp256', Buffer.of(0)), 'not a whole public key'],
      ['its point is compressed', p256('nistp256', changed(0, 2).subarray(0, 33)), 'not a whole public key'],
      ['its point is of another form', p256('nistp256', changed(0, 6)), 'not a whole public key'],
    ])('%s', (_, text, expected) => {
      expect(refusal(text)).toContain(expected);
    });
  });

  describe('of RSA is refused where', () => {
    const number = (bits: number): Buffer =>
      Buffer.from((2n ** BigInt(bits) - 1n).toString(16).padStart(Math.ceil(bits / 4), '0'), 'hex');
    const rsa = (bits: number, e: Uint8Array = Buffer.of(1, 0, 1)): string =>
      line('ssh-rsa', ssh.mpint(e), ssh.mpint(number(bits)));

    test('it is between 2048 and 8192 bits, it is not', () => {
      expect([2048, 3072, 4096, 8192].map((bits) => refusal(rsa(bits)))).toEqual(Array(4).fill('accepted'));
    });
    test.each([
      [
        'it is short',
        line('ssh-rsa', ssh.numbersOf(testKeys('rsa1024').publicKey)),
        'found an RSA key of 1024 bits; allowed are 2048 to 8192',
      ],
      ['it is long', rsa(8200), 'found an RSA key of 8200 bits; allowed are 2048 to 8192 (make another key'],
      ['its exponent is small', rsa(2048, Buffer.of(3)), 'with the exponent 3; usual is 65537'],
      ['its exponent is even', rsa(2048, Buffer.of(1, 0, 2)), 'with the exponent 65538'],
      ['its exponent is huge', rsa(2048, Buffer.alloc(9, 0x7f)), 'with the exponent 2351923699311548792703'],
      ['a number is negative', line('ssh-rsa', ssh.string(Buffer.of(0x81)), ssh.mpint(number(2048))), 'not a whole public key'],
      ['a number has zeros in front', line('ssh-rsa', ssh.string(Buffer.of(0, 1, 0, 1)), ssh.mpint(number(2048))), 'not a whole'],
      ['a number is zero', line('ssh-rsa', ssh.string(Buffer.alloc(0)), ssh.mpint(number(2048))), 'not a whole public key'],
    ])('%s', (_, text, expected) => {
      expect(refusal(text)).toContain(expected);
    });
  });

  test('with a bit flipped, cut short or made longer is another one, or none', () => {
    const property = fc.property(fc.constantFrom(...MADE.map(({ key }) => key), ...SK), fc.nat(), (text, where) => {
      const key = parseSshPublicKey(text);
      const blob = Buffer.from(key.line.split(' ')[1] ?? '', 'base64');
      const bit = where % (blob.length * 8);
      const flipped = Buffer.from(blob);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(fingerprintOf(flipped)).not.toBe(key.fingerprint);
      expect(fingerprintOf(blob.subarray(0, where % blob.length))).toBeUndefined();
      expect(fingerprintOf(Buffer.concat([blob, Buffer.alloc(1 + (where % 9))]))).toBeUndefined();
    });
    fc.assert(property, { numRuns: 300 });
  });
});

/** Of whatever bytes: a key's fingerprint, or nothing where they were refused. */
function fingerprintOf(blob: Uint8Array): string | undefined {
  try {
    return readSshPublicKey(blob).fingerprint;
  } catch (error) {
    if (error instanceof SignwrightError) return undefined;
    throw error;
  }
}
