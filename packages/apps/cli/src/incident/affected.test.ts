import { sha256 } from '@signwright/signing-core';
import { expect, test } from 'vitest';
import { type AffectedSignature, affectedOf } from './affected.ts';
import { withRoom } from './tell-of-incident.ts';

const signature = (name: string, more: Partial<AffectedSignature> = {}): AffectedSignature => ({
  kind: 'part',
  by: 'build',
  evidence: sha256(`${name} ${more.doubt}`),
  standing: 'recorded',
  artifacts: [{ name, digest: sha256('bytes') }],
  ...more,
});

test('a forgery renames no artifact, and comes behind what was signed', () => {
  const real = signature('dist/a.tgz', { time: '2026-11-01T00:00:00.000Z' });
  const forged = signature('!harmless', { doubt: 'it does not hold' });
  const other = signature('!other', { doubt: 'it does not hold', artifacts: [{ name: '!other', digest: sha256('other') }] });
  const { artifacts, signatures } = affectedOf([other, forged, real], []);
  expect(artifacts.map(({ name }) => name)).toEqual(['dist/a.tgz', '!other']);
  expect(signatures[0]).toBe(real);
});

test('a notification has room for what names of any length are about', () => {
  const many = Array.from({ length: 60 }, (_, at) =>
    signature('', { artifacts: [{ name: String(at).padEnd(at === 0 ? 200_000 : 1024), digest: sha256(String(at)) }] }),
  );
  const told = withRoom(affectedOf(many, []).artifacts);
  expect(told.length).toBeGreaterThan(20);
  expect(Buffer.byteLength(JSON.stringify(told))).toBeLessThan(33 * 1024);
});
