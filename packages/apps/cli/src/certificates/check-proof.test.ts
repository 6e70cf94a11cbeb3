import type { CertificateProfile } from '@signwright/policy';
import { type PersonRule, sha256 } from '@signwright/signing-core';
import { softwareSecurityKey } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import type { SignedRequest } from './asked.ts';
import { checkProof } from './check-proof.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const HOUR = 3_600_000;
const SK = softwareSecurityKey().line.split(' ').slice(0, 2).join(' ');

const person = (id: string, more: Partial<PersonRule> = {}): PersonRule =>
  ({
    id,
    keys: [],
    accounts: [],
    certificate: { issuer: 'https://accounts.example', subject: `${id}@acme.example` },
    ...more,
  }) as unknown as PersonRule;
const ann = person('ann', { keys: [{ fingerprint: 'SHA256:sk', publicKey: SK }] as unknown as PersonRule['keys'] });
const bob = person('bob');
const cleo = person('cleo');

const profile = (more: Partial<CertificateProfile> = {}): CertificateProfile =>
  ({
    id: 'approvers',
    where: 'signwright.yaml:1:1',
    roles: [
      { id: 'release', members: [{ person: ann }, { person: bob, until: NOW + HOUR }, { person: cleo, until: NOW - HOUR }] },
    ],
    proof: ['user-verification', 'second-person'],
    ...more,
  }) as unknown as CertificateProfile;

const CSR = Buffer.from('a request');
const signed = (
  by: PersonRule,
  more: Partial<SignedRequest['asked']> = {},
  at = NOW - HOUR,
  key = 'SHA256:file',
): SignedRequest => {
  const asked = {
    person: 'ann',
    profile: 'approvers',
    given: new Date(at).toISOString(),
    csr: CSR,
    policy: { digest: sha256('p') },
    ...more,
  };
  const verified = { time: { at }, author: { type: 'ssh', fingerprint: key } };
  return {
    file: `${by.id}.json`,
    bytes: CSR,
    evidence: sha256(`${by.id} ${at}`),
    asked,
    verified,
    by,
  } as unknown as SignedRequest;
};
const ask = (requests: readonly SignedRequest[], more: Partial<CertificateProfile> = {}) =>
  checkProof(profile(more), requests, NOW);

describe('the proof of a request for a certificate', () => {
  test('is a second person of the roles, and names both signatures', () => {
    const [own, second] = [signed(ann), signed(bob)];
    expect(ask([second, own])).toEqual({ person: ann, csr: CSR, proofs: [own.evidence, second.evidence] });
  });

  test('is a security key of the person’s own', () => {
    const own = signed(ann, {}, NOW - HOUR, 'SHA256:sk');
    expect(ask([own], { proof: ['user-verification'] }).proofs).toEqual([own.evidence]);
  });

  test.each<[string, readonly SignedRequest[], Partial<CertificateProfile>, RegExp]>([
    ['a key in a file', [signed(ann)], {}, /not signed by a security key/],
    [
      'a security key where a second person is wanted',
      [signed(ann, {}, NOW - HOUR, 'SHA256:sk')],
      { proof: ['second-person'] },
      /nobody else of release/,
    ],
    [
      'a second person where a security key is wanted',
      [signed(ann), signed(bob)],
      { proof: ['user-verification'] },
      /not signed by a security key/,
    ],
    ['the same person twice', [signed(ann), signed(ann, {}, NOW - 2 * HOUR)], {}, /only ann signed it/],
    ['somebody who was of the roles', [signed(ann), signed(cleo)], {}, /cleo, who signed it too, is not of release/],
    ['an older request', [signed(ann, {}, NOW - 25 * HOUR), signed(bob)], {}, /ann signed it at .*, more than a day ago/],
    ['an older approval', [signed(ann), signed(bob, {}, NOW - 25 * HOUR)], {}, /bob signed it at .*, more than a day ago/],
    ['a request from the time to come', [signed(ann, {}, NOW + HOUR), signed(bob)], {}, /still to come/],
    ['an approval of another key', [signed(ann), signed(bob, { csr: Buffer.from('other') })], {}, /for another key/],
    ['an approval for somebody else', [signed(ann), signed(bob, { person: 'cleo' })], {}, /for another person/],
    ['an approval of another profile', [signed(ann), signed(bob, { profile: 'other' })], {}, /for another profile/],
    ['the approval alone', [signed(bob)], {}, /ann did not sign the request/],
    [
      'somebody who asks and was of the roles',
      [signed(cleo, { person: 'cleo' }), signed(bob, { person: 'cleo' })],
      {},
      /cleo is of none of the roles/,
    ],
    [
      'a person without a name for certificates',
      [signed({ ...bob, certificate: undefined } as unknown as PersonRule, { person: 'bob' }), signed(ann, { person: 'bob' })],
      {},
      /does not say what a certificate would call bob/,
    ],
  ])('is not %s', (_, requests, more, says) => {
    expect(() => ask(requests, more)).toThrow(expect.objectContaining({ code: 'denied', message: expect.stringMatching(says) }));
  });
});
