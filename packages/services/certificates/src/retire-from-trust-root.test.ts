import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTrustRoot, type TrustRoot, verifyTimestamp } from '@signwright/signing-core';
import { testAuthority } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addToTrustRoot } from './add-to-trust-root.ts';
import { retireFromTrustRoot } from './retire-from-trust-root.ts';

const [OLD, NEW] = [testAuthority(), testAuthority()];
const pem = (...certificates: readonly { readonly der: Buffer }[]): string =>
  certificates
    .map(
      ({ der }) =>
        `-----BEGIN CERTIFICATE-----\n${der
          .toString('base64')
          .match(/.{1,64}/g)
          ?.join('\n')}\n-----END CERTIFICATE-----\n`,
    )
    .join('');
const sha256 = (root: TrustRoot, at = 0): string => root.timestampAuthorities[at]?.chain[0].fingerprint ?? '';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'retire-'));
  path = join(directory, 'root.json');
  writeFileSync(path, OLD.trustedRoot());
  writeFileSync(join(directory, 'root.issuers.json'), OLD.issuers());
});
afterEach(() => rmSync(directory, { recursive: true }));

const root = (): TrustRoot => parseTrustRoot(readFileSync(path), undefined, path);

describe('a timestamp authority that another takes over from', () => {
  const SIGNATURE = Buffer.from('a signature');
  // The new one counts from 1 June noon, the old one until 8 June noon.
  beforeEach(async () => {
    const from = new Date('2026-06-01T12:00:00Z');
    await addToTrustRoot(path, { timestampAuthority: pem(NEW.tsa, NEW.tsaRoot), issuers: [], from });
    await retireFromTrustRoot(path, { authority: sha256(root()), until: new Date('2026-06-08T12:00:00Z') });
  });

  test.each([
    ['the old one long before', OLD, '2026-02-01T00:00:00Z', true],
    ['the old one in the overlap', OLD, '2026-06-04T00:00:00Z', true],
    ['the old one at its end', OLD, '2026-06-08T12:00:00Z', true],
    ['the old one a second after its end, whatever clock judges', OLD, '2026-06-08T12:00:01Z', false],
    ['the new one a second before it counts, as by a clock that is slow', NEW, '2026-06-01T11:59:59Z', false],
    ['the new one in the overlap', NEW, '2026-06-04T00:00:00Z', true],
    ['the new one after', NEW, '2026-07-01T00:00:00Z', true],
  ])('attests by %s', (_when, authority, at, holds) => {
    const judge = () =>
      verifyTimestamp(authority.timestamp(SIGNATURE, { at: new Date(at) }), SIGNATURE, root().timestampAuthorities);
    if (holds) expect(judge().at).toBe(Date.parse(at));
    else expect(judge).toThrow(/trust|valid|believed/);
  });
});

describe('retiring an authority', () => {
  test('changes its end alone, and says whether another of its kind goes on', async () => {
    const until = new Date('2026-06-08T12:00:00Z');
    const before = JSON.parse(readFileSync(path, 'utf8'));
    const retired = await retireFromTrustRoot(path, { authority: 'test CA', until });
    expect(retired).toMatchObject({ kind: 'certificateAuthorities', last: true });
    before.certificateAuthorities[0].validFor.end = until.toISOString();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(before);
    await addToTrustRoot(path, { timestampAuthority: pem(NEW.tsa, NEW.tsaRoot), issuers: [] });
    expect(await retireFromTrustRoot(path, { authority: sha256(root(), 1).toUpperCase(), until })).toMatchObject({ last: false });
  });

  test('brings an end forward and never puts it off', async () => {
    const end = (day: string) => retireFromTrustRoot(path, { authority: 'test TSA', until: new Date(day) });
    await end('2026-06-08');
    await end('2026-06-05');
    await expect(end('2026-06-06')).rejects.toMatchObject({ code: 'usage', message: /ends 2026-06-05.*already/ });
    expect(root().timestampAuthorities[0]?.validUntil).toBe(Date.parse('2026-06-05'));
  });

  test.each([
    ['one that is not there', 'Acme TSA', '2026-06-08', { code: 'usage', message: /no authority/ }],
    ['an end before the beginning', 'test TSA', '2020-01-01', { code: 'invalid-input', message: /ends before it starts/ }],
  ])('refuses %s, and leaves the file alone', async (_what, authority, until, why) => {
    const before = readFileSync(path);
    await expect(retireFromTrustRoot(path, { authority, until: new Date(until) })).rejects.toMatchObject(why);
    expect(readFileSync(path)).toEqual(before);
  });

  test('asks which of two of one name is meant', async () => {
    await addToTrustRoot(path, { timestampAuthority: pem(NEW.tsa, NEW.tsaRoot), issuers: [] });
    await expect(retireFromTrustRoot(path, { authority: 'test TSA', until: new Date('2026-06-08') })).rejects.toMatchObject({
      code: 'usage',
      next: expect.stringContaining(sha256(root(), 1)),
    });
  });
});
