import { spawnSync } from 'node:child_process';
import { createSshKey, hasSshKeygen, memorySigner, softwareSecurityKey, testAuthority, testKeys } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../formats/digest.ts';
import type { PersonSigner } from '../ports/person-signer.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import type { ApprovalRecord } from '../records/record.ts';
import { writeRecord } from '../records/write-record.ts';
import type { PersonRule, SshKeyRule } from '../requirement.ts';
import { unarmorSshSignature } from '../ssh/ssh-armor.ts';
import { parseSshPublicKey } from '../ssh/ssh-public-key.ts';
import { parseTrustRoot } from '../trust-root.ts';
import { type OpenedSegment, openSegment, type SegmentTrust } from './open-segment.ts';
import { SEGMENT, type SegmentSigning, sealSegment } from './segment.ts';
import { verifierKeyOf } from './verifier-key.ts';

const authority = testAuthority();
const SIGNED = '2026-06-01T12:00:00Z';
const timestamps: TimestampAuthority = { timestamp: async (signature) => authority.timestamp(signature) };

/** Somebody at a security key; the same name has the same key. */
function personAt(name: string): PersonSigner {
  const key = softwareSecurityKey({ name });
  return { publicKey: () => key.line, sign: async (message, namespace) => key.sign(message, namespace) };
}

function keyRule(person: PersonSigner, more: Partial<SshKeyRule> = {}): SshKeyRule {
  const { fingerprint, line } = parseSshPublicKey(person.publicKey());
  return { fingerprint, publicKey: line, ...more };
}

const ANN = personAt('ann');
const ann = (key: Partial<SshKeyRule> = {}): PersonRule => ({ id: 'ann', keys: [keyRule(ANN, key)], accounts: [], emails: [] });
const BOB: PersonRule = {
  id: 'bob',
  keys: [],
  certificate: { issuer: 'https://issuer.example', subject: 'https://git.example/acme/app//ci.yml@refs/heads/main' },
  accounts: [],
  emails: [],
};
const FINGERPRINT = keyRule(ANN).fingerprint;

const record = (changes: Partial<ApprovalRecord> = {}): Buffer =>
  writeRecord({
    event: 'approval',
    said: 'reject',
    request: sha256('request'),
    time: SIGNED,
    requester: { asserted: { requester: 'ann' } },
    environment: 'production',
    policy: { digest: sha256('policy') },
    person: 'ann',
    key: FINGERPRINT,
    signature: sha256('signature'),
    evidence: sha256('bundle'),
    signed: SIGNED,
    artifacts: [],
    ...changes,
  });

const byAnn: SegmentSigning = { person: ANN, timestamps, log: 'log.example' };
function trusting(people: readonly PersonRule[], asserts?: readonly string[]): SegmentTrust {
  return {
    logKeys: [verifierKeyOf('log.example', testKeys('ed25519', 'log').publicKey, 'log')],
    trust: { root: parseTrustRoot(authority.trustedRoot(), authority.issuers(asserts), 'test'), keys: [], people },
    signers: [],
  };
}
const open = (bytes: Uint8Array, people: readonly PersonRule[] = [ann()]): Promise<OpenedSegment> =>
  openSegment(bytes, trusting(people));

describe("a segment that a person's SSH key signed", () => {
  test('is taken, record for record, and says whose it is', async () => {
    const records = [record(), record({ said: 'withdraw' })];
    expect(await open(await sealSegment(records, byAnn))).toEqual({ records, by: `ann (SSH key ${FINGERPRINT})` });
  });

  test('is signed for segments: a signature for anything else is none', async () => {
    const elsewhere: PersonSigner = {
      ...ANN,
      sign: (message) => ANN.sign(message, 'https://signwright.dev/approval/v1'),
    };
    const opened = await open(await sealSegment([record()], { ...byAnn, person: elsewhere }));
    expect(opened).toMatchObject({ refused: expect.stringContaining('https://signwright.dev/approval/v1') });
  });

  test.each<[string, SegmentSigning, readonly PersonRule[], RegExp]>([
    ['by nobody of the policy', { ...byAnn, person: personAt('stranger') }, [ann()], /is nobody's that the policy names/],
    ['where the policy names nobody', byAnn, [], /is nobody's that the policy names/],
    ['without a time', { person: ANN, log: 'log.example' }, [ann()], /carries no timestamp/],
    ['for another log', { ...byAnn, log: 'log.example/trial' }, [ann()], /was signed for the log "log.example\/trial"/],
    ['for no log by name', { person: ANN, timestamps }, [ann()], /was signed for no log by name/],
    [
      'after the key was compromised',
      byAnn,
      [ann({ compromisedSince: Date.parse('2026-05-01T00:00:00Z') })],
      /^ann: .*compromised since 2026-05-01/,
    ],
    [
      'after the key counted',
      byAnn,
      [ann({ until: Date.parse('2026-05-01T00:00:00Z') })],
      /^ann: .*the key counted until 2026-05-01/,
    ],
    [
      'before the key counted',
      byAnn,
      [ann({ from: Date.parse('2026-07-01T00:00:00Z') })],
      /^ann: .*the key counts from 2026-07-01/,
    ],
  ])('%s is refused with why', async (_, signing, people, why) => {
    const opened = await open(await sealSegment([record()], signing), people);
    expect(opened).toMatchObject({ refused: expect.stringMatching(why) });
  });

  test('counts where it was made before the key was compromised', async () => {
    const later = ann({ compromisedSince: Date.parse('2026-06-02T00:00:00Z') });
    expect(await open(await sealSegment([record()], byAnn), [later])).toMatchObject({ by: `ann (SSH key ${FINGERPRINT})` });
  });

  test('states no certified claims: an SSH key certifies no job', async () => {
    const certified = { issuer: 'https://issuer.example', san: 'https://git.example/acme/app' };
    const lie = record({ requester: { certified, asserted: {} } });
    expect(await open(await sealSegment([record(), lie], byAnn))).toEqual({
      refused: `ann (SSH key ${FINGERPRINT}): the record ${sha256(lie)} states certified claims that no certificate carries`,
    });
  });

  test('does not say that a segment was refused', async () => {
    const refused = writeRecord({ event: 'segment-refused', time: SIGNED, segment: 0, digest: sha256('x'), reason: 'a test' });
    expect(await open(await sealSegment([refused], byAnn))).toMatchObject({
      refused: expect.stringContaining('only the log itself'),
    });
  });

  test.skipIf(!hasSshKeygen)('is taken as ssh-keygen signs it', async () => {
    const key = createSshKey('ecdsa-256');
    try {
      const person: PersonSigner = {
        publicKey: () => key.line,
        async sign(message, namespace) {
          const ran = spawnSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', namespace, '-f', key.path], { input: message });
          return unarmorSshSignature(ran.stdout.toString());
        },
      };
      const carol = { ...ann(), id: 'carol', keys: [keyRule(person)] };
      expect(await open(await sealSegment([record({ person: 'carol' })], { ...byAnn, person }), [carol])).toMatchObject({
        by: expect.stringContaining('carol (SSH key SHA256:'),
      });
    } finally {
      key.remove();
    }
  });
});

test('what somebody said is told by nobody else', async () => {
  const refused = await open(await sealSegment([record({ person: 'bob' })], byAnn));
  expect(refused).toMatchObject({ refused: expect.stringContaining('tells what "bob" said') });
});

describe("a segment that a person's certificate signed", () => {
  const leaf = authority.leaf();
  const seal = (records: readonly Buffer[]): Promise<Buffer> =>
    sealSegment(records, { signer: memorySigner(leaf.keys, leaf.der), timestamps, log: 'log.example' });

  test('is taken from who the policy says it is, and from nobody else', async () => {
    const bytes = await seal([record({ person: 'bob' })]);
    expect(await open(bytes, [ann(), BOB])).toMatchObject({ by: expect.stringMatching(/^bob \(/) });
    expect(await open(bytes, [ann()])).toEqual({ refused: 'the policy names no signer', stranger: true });
  });

  test('is refused where its authority may not assert who issued the identity', async () => {
    const opened = await openSegment(await seal([record()]), trusting([BOB], ['https://other.example']));
    expect(opened).toMatchObject({ refused: expect.stringContaining('https://issuer.example'), stranger: true });
  });
});

test('what a person seals names what the signature is for', async () => {
  const namespaces: string[] = [];
  const person: PersonSigner = {
    ...ANN,
    sign: (message, namespace) => {
      namespaces.push(namespace);
      return ANN.sign(message, namespace);
    },
  };
  await sealSegment([record()], { ...byAnn, person });
  expect(namespaces).toEqual([SEGMENT]);
});
