import { describe, expect, test } from 'vitest';
import { readSaid } from '../approvals/said.ts';
import { type Sha256, sha256 } from '../formats/digest.ts';
import type { Json } from '../formats/strict-json.ts';
import { readReleasePart, writeReleasePart } from '../release-part.ts';
import { parseStatement, type Statement } from '../statement.ts';
import { type ReleaseManifest, readReleaseManifest, writeReleaseManifest } from './release-manifest.ts';

const PARTS = [sha256('one'), sha256('two')].sort();
const MANIFEST: ReleaseManifest = {
  artifacts: [
    { name: 'dist/app.tgz', kind: 'package', digest: sha256('app'), requirements: sha256('demanded'), owner: 'team-sdk' },
    { name: 'dist/notes.md', kind: 'document', digest: sha256('notes'), requirements: sha256('demanded') },
  ],
  environment: 'production',
  signer: 'closer',
  policy: { name: 'acme', digest: sha256('policy') },
  source: { asserted: { commit: 'c0ffee' } },
  release: { name: '@acme/app', version: '1.2.0' },
  parts: PARTS,
};
const STATEMENT = parseStatement(writeReleaseManifest(MANIFEST));

/** The manifest with its predicate changed. */
function changed(change: (predicate: { [key: string]: Json }) => void, subject = STATEMENT.subject): Statement {
  const predicate = structuredClone(STATEMENT.predicate) as { [key: string]: Json };
  change(predicate);
  return { ...STATEMENT, subject, predicate };
}

describe('a manifest', () => {
  test('is read as it was written, and names every artifact as its subject', () => {
    expect(readReleaseManifest(STATEMENT)).toEqual(MANIFEST);
    expect(STATEMENT.subject.map(({ name }) => name)).toEqual(['dist/app.tgz', 'dist/notes.md']);
    expect(readSaid(STATEMENT)).toEqual({ type: 'manifest', manifest: MANIFEST });
  });

  test('is never read as a part, nor a part as a manifest', () => {
    const { parts: _, ...rest } = MANIFEST;
    const part = parseStatement(writeReleasePart(rest));
    expect(part.predicateType).not.toBe(STATEMENT.predicateType);
    expect(readSaid(part)).toEqual({ type: 'attestation' });
    expect(() => readReleasePart(STATEMENT)).toThrow('unknown field "parts"');
    expect(() => readReleaseManifest(part)).toThrow('predicate.parts is missing');
  });

  test.each<[string, (predicate: { [key: string]: Json }) => void, string]>([
    ['names no parts', (it) => (it['parts'] = []), 'are none'],
    ['names them in another order', (it) => (it['parts'] = [...PARTS].reverse()), 'are not sorted'],
    ['names one twice', (it) => (it['parts'] = [PARTS[0] as Sha256, PARTS[0] as Sha256]), 'there twice'],
    ['names a part by a tag', (it) => (it['parts'] = ['latest']), 'is not a SHA-256 digest'],
    ['has more than it must', (it) => (it['others'] = true), 'unknown field "others"'],
    ['has no release', (it) => delete it['release'], 'predicate.release must be an object'],
    [
      'has a release with more to it',
      (it) => (it['release'] = { name: 'a', version: '1', replaces: [] }),
      'unknown field "replaces"',
    ],
    ['has a version with an "@"', (it) => (it['release'] = { name: 'a', version: '1@2' }), 'has an "@" in its version'],
    ['has a version that ends the line', (it) => (it['release'] = { name: 'a', version: '1\n' }), 'invisible character'],
    ['says less than it has subjects', (it) => (it['artifacts'] as Json[]).pop(), 'not as many as the subjects'],
    ['has a name that is not text', (it) => (it['release'] = { name: 7, version: '1' }), 'predicate.release.name must be text'],
  ])('that %s is refused', (_what, change, why) => {
    expect(() => readReleaseManifest(changed(change))).toThrow(why);
  });

  test('whose subject has another name than it says is refused', () => {
    const subject = STATEMENT.subject.map((one, at) => (at === 0 ? { ...one, name: 'dist/other.tgz' } : one));
    expect(() => readReleaseManifest(changed(() => undefined, subject))).toThrow('is not the name of the subject at its place');
  });

  test('over more parts than a release has is refused', () => {
    const many = Array.from({ length: 1001 }, (_, at) => sha256(String(at))).sort();
    expect(() => readReleaseManifest(changed((it) => (it['parts'] = many)))).toThrow('more than 1000');
  });
});
