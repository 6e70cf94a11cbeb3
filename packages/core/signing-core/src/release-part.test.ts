import { expect, test } from 'vitest';
import { sha256 } from './formats/digest.ts';
import { type ReleasePart, readReleasePart, writeReleasePart } from './release-part.ts';
import { parseStatement } from './statement.ts';

const PART: ReleasePart = {
  artifacts: [
    { name: 'dist/app.tgz', kind: 'package', digest: sha256('app'), requirements: sha256('demanded'), owner: 'team-sdk' },
    { name: 'dist/notes.md', kind: 'document', digest: sha256('notes'), requirements: sha256('demanded') },
  ],
  environment: 'production',
  signer: 'build',
  policy: { name: 'acme', digest: sha256('policy') },
  source: { asserted: { commit: 'c0ffee' } },
};

const read = (part: ReleasePart): ReleasePart => readReleasePart(parseStatement(writeReleasePart(part)));

test('a part is read as it was written', () => {
  expect(read(PART)).toEqual(PART);
});

test.each(['dist/app.tgz', 'dist/App.tgz'])('two artifacts of a part cannot be called the same: dist/app.tgz and %s', (name) => {
  const [first] = PART.artifacts;
  const twin = { ...(first as ReleasePart['artifacts'][number]), name, digest: sha256('another') };
  expect(() => read({ ...PART, artifacts: [...PART.artifacts, twin] })).toThrow('is there twice');
});

test.each([
  ['environment', { ...PART, environment: 'production\nallow' }],
  ['signer', { ...PART, signer: 'build\u001b[2J' }],
  ['commit', { ...PART, source: { asserted: { commit: 'a\u2028b' } } }],
  ['owner', { ...PART, artifacts: PART.artifacts.map((one) => ({ ...one, owner: 'team\r' })) }],
])('what a part says of its %s fits on one line', (field, part) => {
  expect(() => read(part)).toThrow(new RegExp(`${field}.*control character`));
});

test('a part says which release it contributes to, and which parts it replaces there', () => {
  const release = { name: '@acme/app', version: '1.2.0', replaces: [sha256('before')] };
  expect(read({ ...PART, release })).toEqual({ ...PART, release });
  const { replaces: _, ...plain } = release;
  expect(read({ ...PART, release: plain }).release).toEqual(plain);
});

test.each([
  ['a version with an "@"', { name: 'app', version: '1@2' }, 'has an "@" in its version'],
  ['no name', { name: '', version: '1' }, 'has no name'],
  ['a name of two lines', { name: 'app\nallow', version: '1' }, 'invisible character'],
  ['nothing it replaces', { name: 'app', version: '1', replaces: [] }, 'are none'],
  ['more to it', { name: 'app', version: '1', closed: true }, 'unknown field "closed"'],
])('a release with %s is refused', (_what, release, why) => {
  expect(() => read({ ...PART, release })).toThrow(why);
});
