import { memorySigner, testKeys } from '@signwright/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addSignature, type Note, parseNote, signatureLine, signNote, verifyNote, writeNote } from './signed-note.ts';
import { parseVerifierKey, verifierKeyOf } from './verifier-key.ts';

/** The examples of C2SP signed-note. */
const KEY = parseVerifierKey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'the specification');
const LINE = '— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=';
const EXAMPLE = `This is an example message.\n\n${LINE}\n`;
const POEM = `Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
`;

const read = (text: string): Note => parseNote(Buffer.from(text));

test("the specification's example verifies by its key", () => {
  const note = read(EXAMPLE);
  expect(note.text).toBe('This is an example message.\n');
  expect(verifyNote(note, [KEY])).toEqual([KEY]);
});

test('a text may have empty lines: the last one ends it', () => {
  expect(read(POEM)).toMatchObject({
    text: 'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n',
    signatures: [{ name: 'quasimodo.example/salvatore', hash: 0x367ba04b }],
  });
});

test.each([
  ['no signature', 'text\n', 'is not text, an empty line and signature lines'],
  ['no text', `\n${LINE}\n`, 'is not text'],
  ['no line break at its end', EXAMPLE.slice(0, -1), 'is not text'],
  ['a carriage return', EXAMPLE.replaceAll('\n', '\r\n'), 'has a control character'],
  ['a tab', EXAMPLE.replace('an example', 'an\texample'), 'has a control character'],
  ['a NUL', EXAMPLE.replace('an example', 'an\0example'), 'has a control character'],
  ['an escape sequence', EXAMPLE.replace('an example', 'an\u001b[2Jexample'), 'has a control character'],
  ['an empty line at its end', `${EXAMPLE}\n`, 'which is no signature'],
  ['text behind its signatures', `${EXAMPLE}more\n`, 'has the line "more", which is no signature'],
  ['a hyphen for a dash', EXAMPLE.replace('—', '-'), 'which is no signature'],
  ['two spaces', EXAMPLE.replace('foo Uw', 'foo  Uw'), 'which is no signature'],
  ['a space at the end of a line', EXAMPLE.replace('QM=\n', 'QM= \n'), 'which is no signature'],
  ['a name with a plus', EXAMPLE.replace('foo Uw', 'f+o Uw'), 'which is no signature'],
  ['a name with an ideographic space', EXAMPLE.replace('foo Uw', 'f\u3000o Uw'), 'which is no signature'],
  ['no name', EXAMPLE.replace('example.com/foo ', ''), 'which is no signature'],
  ['a signature of no bytes', EXAMPLE.replace(/ Uw.*/, ' Uw2QOg=='), 'which is no signature'],
  ['base64 without its padding', EXAMPLE.replace('QM=\n', 'QM\n'), 'which is no signature'],
  ['base64 with spare bits', EXAMPLE.replace('QM=\n', 'QN=\n'), 'which is no signature'],
  ['a hundred and one signatures', `text\n\n${`${LINE}\n`.repeat(101)}`, 'has 101 signatures; at most 100 are read'],
  ['more than 64 KiB', `${'text '.repeat(14_000)}\n\n${LINE}\n`, 'at most 65536 are read'],
])('a note with %s is refused', (_, text, why) => {
  expect(() => read(text)).toThrow(why);
});

test('a note that is not UTF-8 is refused, and a byte order mark is text', () => {
  expect(() => parseNote(Buffer.concat([Buffer.of(0xff), Buffer.from(EXAMPLE)]))).toThrow('the note is not UTF-8');
  expect(() => parseNote(Buffer.concat([Buffer.of(0xc0, 0x8a), Buffer.from(EXAMPLE)]))).toThrow('is not UTF-8');
  expect(() => verifyNote(read(`\ufeff${EXAMPLE}`), [KEY])).toThrow('does not hold');
});

test('a note of a hundred signatures is read', () => {
  expect(read(`text\n\n${`${LINE}\n`.repeat(100)}`).signatures).toHaveLength(100);
});

test('what is written is read, and written the same again', () => {
  const name = fc.stringMatching(/^[a-zé/.\u{1f600}-]{1,20}$/u);
  const signature = fc.record({
    name,
    hash: fc.nat(0xffffffff),
    signature: fc.uint8Array({ minLength: 1, maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  });
  const text = fc.array(fc.stringMatching(/^[ -~é—]{0,30}$/u), { minLength: 1 }).map((lines) => `${lines.join('\n')}\n`);
  fc.assert(
    fc.property(text, fc.array(signature, { minLength: 1, maxLength: 5 }), (written, signatures) => {
      const bytes = writeNote({ text: written, signatures });
      expect(parseNote(bytes)).toEqual({ text: written, signatures });
      expect(writeNote(parseNote(bytes))).toEqual(bytes);
    }),
  );
});

test('whatever the bytes, a note is read or refused by name', () => {
  fc.assert(
    fc.property(fc.nat(EXAMPLE.length), fc.uint8Array({ minLength: 1, maxLength: 3 }), (at, noise) => {
      const bytes = Buffer.from(EXAMPLE);
      bytes.set(noise.subarray(0, bytes.length - at), Math.min(at, bytes.length));
      try {
        const note = parseNote(bytes);
        if (bytes.toString() !== EXAMPLE) expect(() => verifyNote(note, [KEY])).toThrow();
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid-input' });
      }
    }),
    { numRuns: 2000 },
  );
});

const ED25519 = testKeys('ed25519', 'note');
const P256 = testKeys('p256', 'note');

test.each([
  ['Ed25519', ED25519],
  ['ECDSA', P256],
])('an %s key signs a note, and any change of the text is found', async (_, keys) => {
  const note = await signNote('one\ntwo\n', 'log.example', memorySigner(keys));
  const key = verifierKeyOf('log.example', keys.publicKey, 'log');
  expect(verifyNote(parseNote(writeNote(note)), [key])).toEqual([key]);
  for (const text of ['one\ntwo', 'one\ntwo\n\n', 'one\nTwo\n', '']) {
    expect(() => verifyNote({ ...note, text }, [key])).toThrow(
      /the signature by "log\.example" \(key [0-9a-f]{8}\) does not hold/,
    );
  }
});

test('a text without a line break at its end, and a key that signs no notes, are refused', async () => {
  await expect(signNote('text', 'log.example', memorySigner(ED25519))).rejects.toThrow(TypeError);
  await expect(signNote('text\n', 'log.example', memorySigner(testKeys('rsa2048')))).rejects.toThrow(/RSA 2048 .* cannot sign/);
  await expect(signNote('text\n', 'a log', memorySigner(ED25519))).rejects.toMatchObject({ code: 'configuration' });
});

test('signatures by others are ignored, even bad ones; a bad one by a known key fails the note', async () => {
  const note = await signNote('text\n', 'log.example', memorySigner(ED25519));
  const key = verifierKeyOf('log.example', ED25519.publicKey, 'log');
  const [good] = note.signatures as [Note['signatures'][0]];
  const noise = { ...good, signature: Buffer.alloc(64) };
  const strangers = [
    { ...noise, name: 'other.example' },
    { ...noise, hash: (key.hash + 1) >>> 0 },
  ];
  expect(verifyNote({ ...note, signatures: [...strangers, good] }, [KEY, key])).toEqual([key]);
  for (const signatures of [[noise], [good, noise], [noise, good], [{ ...good, signature: good.signature.subarray(1) }]]) {
    expect(() => verifyNote({ ...note, signatures }, [KEY, key])).toThrow('does not hold');
  }
});

test('a note that none of the keys signed says who did and who was expected', () => {
  const other = verifierKeyOf('log.example', ED25519.publicKey, 'log');
  const id = other.hash.toString(16).padStart(8, '0');
  expect(() => verifyNote(read(EXAMPLE), [other])).toThrow(
    `the note is signed by "example.com/foo" (key 530d903a); expected was "log.example" (key ${id})`,
  );
  expect(() => verifyNote(read(EXAMPLE), [])).toThrow('expected was nobody');
  expect(() => verifyNote(read(`text\n\n${`${LINE}\n`.repeat(100)}`), [other])).toThrow('(key 530d903a) and 95 more; expected');
});

test('a name that would play with a terminal is shown in its escaped form', () => {
  const note = read(EXAMPLE.replace('example.com/foo', 'evil\u009b2J\u202e'));
  expect(() => verifyNote(note, [KEY])).toThrow('"evil\\u009b2J\\u202e"');
});

test('adding a signature replaces an older one by the same key', () => {
  const note = read(EXAMPLE);
  const other = signatureLine({ name: 'example.com/foo', hash: 7, signature: Buffer.of(1) });
  const newer = signatureLine({ name: 'example.com/foo', hash: 7, signature: Buffer.of(2) });
  expect(addSignature(note, LINE)).toEqual(note);
  expect(addSignature(addSignature(note, other), newer).signatures.map(({ signature }) => signature.length)).toEqual([64, 1]);
  expect(() => addSignature(note, `${LINE}\nmore`)).toThrow('is no signature line');
});
