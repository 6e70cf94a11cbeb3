import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCertificate, parseTrustRoot, SignwrightError, type Verified } from '@signwright/signing-core';
import { testAuthority, testCrl } from '@signwright/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OpenPolicy } from '../context/open-policy.ts';
import type { RunRecorder } from '../records/run-recorder.ts';
import { releaseCheck } from './release-check.ts';
import { signWorks } from './sign-works.ts';
import type { Made, Work } from './work.ts';

const HOUR = 3_600_000;
const authority = testAuthority();
const leaf = authority.leaf();
const root = parseTrustRoot(authority.trustedRoot(), authority.issuers(), 'root.json');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signwright-release-check-'));
  vi.stubEnv('XDG_CACHE_HOME', directory);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

/** A policy whose CA has revoked these. */
function revoking(serialNumbers: readonly Buffer[], mode: 'require' | 'prefer' | 'off' = 'require'): OpenPolicy {
  const now = Date.now();
  const times = { thisUpdate: new Date(now - HOUR), nextUpdate: new Date(now + HOUR) };
  const revoked = serialNumbers.map((serialNumber) => ({ serialNumber, reason: 1 }));
  writeFileSync(join(directory, 'ca.crl'), testCrl(authority.ca, { ...times, revoked }));
  return withCrls(['ca.crl'], mode);
}

function withCrls(crls: readonly string[], mode: 'require' | 'prefer' | 'off' = 'require'): OpenPolicy {
  const policy = { trust: { revocation: { where: 'here', mode, crls, allowPrivate: false } }, vendors: new Map() };
  return { policy, directory, trustRoot: root } as unknown as OpenPolicy;
}

const made = (): Made => {
  const of = { certificate: parseCertificate(leaf.der), issuer: parseCertificate(authority.ca.der), as: 'signer', listed: false };
  const verified = { time: { at: Date.now(), authority: 'CN=TSA', development: false }, reliedOn: [of] } as unknown as Verified;
  return { signed: { bytes: Buffer.alloc(0), evidence: 'sha256:0', signature: 'sha256:0', verified } } as unknown as Made;
};

describe('what was just signed', () => {
  test('is released where its certificate is good', async () => {
    const notes: string[] = [];
    const check = await releaseCheck(revoking([]), (line) => notes.push(line));
    await expect(check(made())).resolves.toBeUndefined();
    expect(notes).toEqual([]);
  });

  test.each(['require', 'prefer'] as const)('is not released where it was revoked meanwhile, and mode is %s', async (mode) => {
    const check = await releaseCheck(revoking([leaf.serialNumber], mode), () => undefined);
    await expect(check(made())).rejects.toMatchObject({
      code: 'verification',
      message: expect.stringMatching(/^what was just signed does not count: .* was revoked at .* \(keyCompromise\)/),
    });
  });

  test('is released where nobody knows, which is told once', async () => {
    const notes: string[] = [];
    const check = await releaseCheck(withCrls(['missing.crl']), (line) => notes.push(line));
    for (const one of [made(), made()]) await check(one);
    expect(notes).toEqual([expect.stringMatching(/is not known: .*; whoever verifies asks again$/)]);
  });

  test('is not asked about where the policy wants nobody asked', async () => {
    const check = await releaseCheck(revoking([leaf.serialNumber], 'off'), () => undefined);
    await expect(check(made())).resolves.toBeUndefined();
  });
});

describe('a run whose certificate was revoked meanwhile', () => {
  test('records that it failed, for all of it, and releases nothing', async () => {
    const outcomes: unknown[] = [];
    const recorder: RunRecorder = {
      intents: async () => ({
        results: async (all) => {
          outcomes.push(...all);
          return [];
        },
      }),
    };
    const work = (): Work => ({ artifacts: [], sign: async () => made() }) as unknown as Work;
    const refusing = async (): Promise<never> => {
      throw new SignwrightError('verification', 'it was revoked');
    };
    await expect(signWorks([work(), work()], [], recorder, refusing)).rejects.toThrow('it was revoked');
    expect(outcomes).toHaveLength(2);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ outcome: 'failed' });
  });
});
