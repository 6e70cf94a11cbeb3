import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasOpenssl, openssl, opensslTimestampKey, timestampAuthorityContract } from '@signwright/testkit';
import { RFC3161Timestamp } from '@sigstore/core';
import { afterAll, describe, expect, it } from 'vitest';
import { createTrialTimestampAuthority, createTrialTimestampResponder } from './index.ts';
import { timestampRequest } from './request.ts';

const directory = mkdtempSync(join(tmpdir(), 'signwright-trial-tsa-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.skipIf(!hasOpenssl)('the trial timestamp authority', () => {
  const material = hasOpenssl ? opensslTimestampKey(directory) : { privateKey: '', certificateChain: '' };
  const clock = { now: () => new Date() };

  timestampAuthorityContract('the trial authority', async () => ({
    authority: createTrialTimestampAuthority(material, clock),
    certificateChain: material.certificateChain,
    now: clock.now,
  }));

  it('answers what openssl ts -verify accepts, for its file alone', async () => {
    const signature = randomBytes(71);
    const [data, answer, other] = ['signature', 'answer.tsr', 'other'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(data, signature);
    writeFileSync(other, randomBytes(71));
    writeFileSync(answer, await createTrialTimestampAuthority(material, clock).timestamp(signature));
    const verify = (file: string) =>
      openssl(['ts', '-verify', '-in', answer, '-data', file, '-CAfile', join(directory, 'root.pem')]);
    expect(verify(data).toString()).toContain('Verification: OK');
    expect(() => verify(other)).toThrow(/message imprint mismatch/);
    expect(openssl(['ts', '-reply', '-in', answer, '-text']).toString()).toMatch(
      /Status: Granted\.[\s\S]*Policy OID: 2\.25\.1879087246\.2/,
    );
  });

  it('states the time of its clock in whole seconds', async () => {
    const at = new Date('2026-11-22T12:34:56.789Z');
    const authority = createTrialTimestampAuthority(material, { now: () => at });
    const answer = RFC3161Timestamp.parse(Buffer.from(await authority.timestamp(Buffer.from('x'))));
    expect(answer.signingTime.toISOString()).toBe('2026-11-22T12:34:56.000Z');
  });

  it('answers requests over what they are over, with their nonce, and nothing that is none', async () => {
    const respond = createTrialTimestampResponder(material, clock);
    const nonce = Buffer.from('1122334455667788', 'hex');
    const request = timestampRequest(Buffer.from('a signature'), nonce);
    const answer = Buffer.from(await respond(request));
    expect(answer.includes(nonce)).toBe(true);
    const [data, file] = [join(directory, 'asked'), join(directory, 'asked.tsr')];
    writeFileSync(data, 'a signature');
    writeFileSync(file, answer);
    expect(openssl(['ts', '-verify', '-in', file, '-data', data, '-CAfile', join(directory, 'root.pem')]).toString()).toContain(
      'OK',
    );
    const sha512 = Buffer.from(request);
    sha512[request.indexOf(Buffer.from('6086480165030402', 'hex')) + 8] = 3;
    for (const wrong of [Buffer.alloc(0), Buffer.from('nonsense'), Buffer.alloc(10_000), sha512])
      await expect(respond(wrong)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('is refused a key that is not its certificate’s, or none', () => {
    const foreign = openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']).toString();
    const make = (change: Partial<typeof material>) => () => createTrialTimestampAuthority({ ...material, ...change }, clock);
    expect(make({ privateKey: foreign })).toThrow(/not its certificate's/);
    expect(make({ privateKey: 'none' })).toThrow(/cannot be read/);
    expect(make({ certificateChain: '' })).toThrow(/no certificate/);
  });
});
