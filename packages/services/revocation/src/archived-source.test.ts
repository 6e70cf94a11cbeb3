import { parseCertificate } from '@signwright/signing-core';
import {
  basicConstraints,
  crlDistributionPoints,
  keyUsage,
  LEAF_PROFILE,
  type TestCrlSpec,
  testAuthority,
  testCertificate,
  testCrl,
} from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { archivedSource } from './index.ts';

const HOUR = 3_600_000;
const NOON = Date.parse('2026-06-01T12:00:00Z');
const at = (hours: number): Date => new Date(NOON + hours * HOUR);
const authority = testAuthority();
const ISSUER = parseCertificate(authority.ca.der);
const LEAF = authority.leaf();
const CERTIFICATE = parseCertificate(LEAF.der);
const crl = (spec: TestCrlSpec = {}): Buffer => testCrl(authority.ca, { thisUpdate: at(-1), nextUpdate: at(29), ...spec });
const REVOKED = { revoked: [{ serialNumber: LEAF.serialNumber, reason: 1 }] };
const ask = (kept: readonly Uint8Array[], hours = 0) =>
  archivedSource(kept, [ISSUER, parseCertificate(authority.root.der)]).status(CERTIFICATE, ISSUER, NOON + hours * HOUR);

describe('a CRL that is kept with evidence', () => {
  test('speaks as of when it was made, years later too', async () => {
    expect(await ask([crl()])).toMatchObject({ status: 'good', by: 'the archived CRL of CN=test CA', asOf: +at(-1) });
  });

  test('of any time tells what is revoked', async () => {
    expect(await ask([crl(REVOKED)])).toMatchObject({ status: 'revoked' });
    expect(await ask([crl(REVOKED), crl({ thisUpdate: at(1) })])).toMatchObject({ status: 'revoked' });
  });

  test('that was made after it was signed tells of it, and one that had ended by then does not', async () => {
    expect(await ask([crl({ thisUpdate: at(5), nextUpdate: at(29) })])).toMatchObject({ status: 'good' });
    expect(await ask([crl({ thisUpdate: at(-5), nextUpdate: at(-1) })])).toMatchObject({ status: 'unknown' });
  });

  test('that its issuer did not sign, or that is none, says nothing', async () => {
    const forged = testCertificate({ subject: 'forger', extensions: [basicConstraints(true), keyUsage(0x06)] });
    const kept = [crl({ signedWith: forged.keys.privateKey }), testCrl(forged), Buffer.from('x')];
    expect(await ask(kept)).toMatchObject({
      status: 'unknown',
      why: 'no CRL of its issuer is kept with the evidence',
      nobody: true,
    });
  });

  test('is missing where a certificate names one', async () => {
    const extensions = [...LEAF_PROFILE, crlDistributionPoints('http://crl.example/ca.crl')];
    const named = parseCertificate(testCertificate({ issuer: authority.ca, extensions }).der);
    const status = await archivedSource([], [ISSUER]).status(named, ISSUER, NOON);
    expect(status.status).toBe('unknown');
    expect(status).not.toHaveProperty('nobody');
  });
});
