import { readFileSync } from 'node:fs';
import type { Layer } from '@signwright/policy';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type StandIns, shadowLayers, substitutions } from './shadow-policy.ts';

type PolicyFile = Layer['content'];

const EXAMPLES = new URL('../../../../core/policy/examples/', import.meta.url);
const STAND_INS: StandIns = {
  trustRoot: 'drill/root.json',
  authority: 'drill',
  issuer: 'https://drill.invalid',
  timestamps: (count) => Array.from({ length: count }, (_, at) => `http://127.0.0.1/${at}`),
  key: (signer, index) => ({ ref: `keys/${signer}-${index}.pem`, 'public-key': `keys/${signer}-${index}.pub` }),
  sshKey: (person, index) => `ssh-ed25519 drill-${person}-${index}`,
  log: { directory: 'log', key: 'keys/log.pem', verifierKey: 'drill+key' },
  witness: (name) => ({ name, key: `${name}+drill` }),
  evidence: 'evidence',
  webhook: { url: 'http://127.0.0.1/webhook', secretEnv: 'DRILL' },
  crl: 'drill.crl',
};

const example = (name: string): PolicyFile => parse(readFileSync(new URL(name, EXAMPLES), 'utf8')) as PolicyFile;
const whole: PolicyFile = {
  ...example('full.yaml'),
  notify: [{ webhook: 'https://hooks.acme.example/x', 'secret-env': 'REAL', on: ['deny'] }],
};

test('every identity and place is another, and no address of the real ones is left', () => {
  const [shadow] = shadowLayers([whole], STAND_INS) as [PolicyFile];
  for (const signer of Object.values(shadow.signers ?? {})) {
    if (signer.certificate) expect(signer.certificate).toEqual({ trial: 'drill' });
    for (const { ref } of signer.keys ?? []) expect(ref).toMatch(/^keys\/.*\.pem$/);
  }
  for (const person of Object.values(shadow.people ?? {})) expect(JSON.stringify(person)).not.toMatch(/AAAA|"certificate"/);
  for (const workload of Object.values(shadow.workloads ?? {})) expect(workload.issuer).toBe('https://drill.invalid');
  const places = JSON.stringify([shadow.trust, shadow.audit, shadow.evidence, shadow.notify, shadow.signers]);
  expect(places).not.toMatch(/https:|s3:|awskms|gcpkms|git\+|hooks\.acme|tsa.?\.acme/);
});

test('what is demanded stays as it is: rules, tiers, roles, who may waive, how many keys and authorities there are', () => {
  const [shadow] = shadowLayers([whole], STAND_INS) as [PolicyFile];
  const same = ['artifacts', 'roles', 'waivers', 'releases', 'verifiers', 'name', 'serial', 'incident'] as const;
  for (const key of same) expect(shadow[key], key).toEqual(whole[key]);
  const without = (file: PolicyFile): string =>
    JSON.stringify(file.tiers, (key, value: unknown) => (key === 'builder' ? undefined : value));
  expect(without(shadow)).toBe(without(whole));
  for (const [id, signer] of Object.entries(whole.signers ?? {}))
    expect([shadow.signers?.[id]?.keys?.length, shadow.signers?.[id]?.workloads]).toEqual([
      signer.keys?.length,
      signer.workloads,
    ]);
  for (const [id, { issuer: _, ...claims }] of Object.entries(whole.workloads ?? {}))
    expect(shadow.workloads?.[id]).toMatchObject(claims);
  expect(shadow.trust?.timestamp?.urls).toHaveLength(whole.trust?.timestamp?.urls?.length ?? 1);
  expect(shadow.audit?.witnesses).toHaveLength(whole.audit?.witnesses?.length ?? 0);
});

test('timestamp authorities on one machine are one, for they are down together', () => {
  const urls = ['https://tsa.acme.example/a', 'https://tsa.acme.example/b', 'https://tsa2.acme.example'];
  const [shadow] = shadowLayers([{ version: 1, trust: { timestamp: { urls } } }], STAND_INS);
  expect(shadow?.trust?.timestamp?.urls).toEqual(['http://127.0.0.1/0', 'http://127.0.0.1/1']);
});

test('the times at which keys count stay', () => {
  const dated: PolicyFile = {
    version: 1,
    people: { ann: { ssh: ['ssh-ed25519 AAAA', { key: 'ssh-ed25519 BBBB', until: '2026-01-01' }] } },
    signers: {
      build: { keys: [{ ref: 'a.pem', 'public-key': 'a.pub', from: '2025-01-01', 'compromised-since': '2026-01-01' }] },
    },
  };
  const [shadow] = shadowLayers([dated], STAND_INS);
  expect(shadow?.people?.['ann']?.ssh).toEqual([
    'ssh-ed25519 drill-ann-0',
    { key: 'ssh-ed25519 drill-ann-1', until: '2026-01-01' },
  ]);
  expect(shadow?.signers?.['build']?.keys).toEqual([
    { ref: 'keys/build-0.pem', 'public-key': 'keys/build-0.pub', from: '2025-01-01', 'compromised-since': '2026-01-01' },
  ]);
});

test('evidence has a store that the drill knows, whether or not the policy names one', () => {
  const [base, local] = shadowLayers([{ version: 1 }, { version: 1, evidence: { store: 's3://real' } }], STAND_INS);
  expect([base?.evidence, local?.evidence]).toEqual([undefined, { store: 'evidence' }]);
  expect(shadowLayers([{ version: 1 }], STAND_INS)[0]?.evidence).toEqual({ store: 'evidence' });
});

test('a policy that builds on another builds on its shadow, whoever signed the real one', () => {
  const local: PolicyFile = {
    version: 1,
    extends: { git: 'https://gitlab.acme.example/p.git#main', 'signed-by': 'team', name: 'central' },
    identities: { team: { issuer: 'https://i.example', subject: 'https://s.example', root: 'r.json' } },
  };
  const [, shadow] = shadowLayers([whole, local], STAND_INS);
  expect(shadow).toEqual({ version: 1, extends: { file: 'layer-0.yaml', sha256: '0'.repeat(64) } });
});

test('the policy that was given is not changed, and what stands in for what is told', () => {
  const before = JSON.stringify(whole);
  shadowLayers([whole], STAND_INS);
  expect(JSON.stringify(whole)).toBe(before);
  expect(substitutions([whole]).join('\n')).toMatch(/trust root[\s\S]*signers[\s\S]*people[\s\S]*audit log/);
});
