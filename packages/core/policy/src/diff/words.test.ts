import { describe, expect, test } from 'vitest';
import { LOG_KEY, load } from '../../tests/policy-files.ts';
import { diffPolicies } from '../index.ts';

const POLICY = `version: 1
name: acme
serial: 4
trust: { root: trust/root.json }
environments: { test: {}, production: {} }
people: { ann: { certificate: { issuer: https://id.example, subject: ann } }, bob: { certificate: { issuer: https://id.example, subject: bob } } }
roles: { lead: [ann], all: [ann, bob] }
workloads: { ci: { issuer: https://ci.example, repository: "https://ci.example/acme/**" }, gate: { issuer: https://ci.example, repository-id: "7" } }
signers:
  build: { keys: [{ ref: keys/a.pem, public-key: trust/a.pub }] }
  other: { keys: [{ ref: keys/b.pem, public-key: trust/b.pub }] }
  ci: { certificate: { fulcio: https://ca.example }, workloads: [ci] }
  gate: { certificate: { fulcio: https://ca.example }, workloads: [gate] }
tiers:
  internal: { signatures: [build] }
  production: { extends: internal, audit: required, approvals: [lead], approvals-expire: 2d, retain: 7y }
artifacts:
  - { match: "dist/*.map", sign: never }
  - { match: "dist/**", tier: { test: internal, production: production } }
  - { match: "docs/**", tier: internal }
audit: { log: log, verifier-keys: [${LOG_KEY}] }
evidence: { store: "s3://evidence", lock: compliance }
certificates:
  authorities: { acme: { key: keys/ca.pem }, other: { fulcio: https://ca.example } }
  profiles:
    day: { purpose: x, authority: acme, validity: 24h, owner: y, environments: [test], workloads: [ci] }
    week: { purpose: x, authority: acme, validity: 7d, owner: y, roles: [all], proof: [second-person] }
incident: { role: lead }
delegates: [windows]
verifiers: [{ id: https://gate.example, by: gate }]
`;

/** The differences as lines, each with its effect and its places. */
async function diff(from: string | RegExp, to: string, files: { [path: string]: string } = {}): Promise<string[]> {
  const changed = POLICY.replace(from, to);
  const changes = diffPolicies(await load(POLICY), await load(changed, files));
  return changes.map(({ effect, about, text, old, new: now }) => `${effect}: ${about}: ${text} [${old ?? '-'} ${now ?? '-'}]`);
}

describe('the difference of two policies says in words', () => {
  test.each([
    [
      'approvals: [lead]',
      'approvals: [{ role: lead, kind: platform }]',
      'weaker: tier production: the approval by the role lead is no longer asked for as it was',
    ],
    ['approvals: [lead]', 'approvals: [lead, all]', 'stricter: tier production: an approval by the role all is asked for'],
    [
      'approvals-expire: 2d',
      'approvals-expire: 4d',
      'weaker: tier production: how long an approval counts: 4d instead of 2d [policy.yaml:16:90 policy.yaml:16:90]',
    ],
    ['approvals-expire: 2d', 'approvals-expire: 4h', 'stricter: tier production: how long an approval counts: 4h instead of 2d'],
    [
      'repository-id: "7"',
      'repository-id: "7", compromised: [{ from: 2026-05-01, until: 2026-06-01, reason: runner }]',
      'stricter: workload gate: it counts as compromised from 2026-05-01T00:00:00.000Z until 2026-06-01T00:00:00.000Z; it did never [policy.yaml:8:98 policy.yaml:8:161]',
    ],
    ['retain: 7y', 'retain: 1y', 'weaker: tier production: how long evidence is kept: 1y instead of 7y'],
    ['audit: required', 'audit: best-effort', 'weaker: tier production: audit: best-effort instead of required'],
    [
      'internal: { signatures: [build] }',
      'internal: { signatures: [build, other] }',
      'stricter: tier internal: the signature of other is asked for',
    ],
    [
      'internal: { signatures: [build] }',
      'internal: { signatures: [other] }',
      'weaker: tier production: the signature of build is no longer asked for',
    ],
    [
      'internal: { signatures: [build] }',
      'internal: { signatures: [{ by: build, for: [package] }] }',
      'weaker: tier internal: the signature of build is no longer asked for for image',
    ],
    [
      'internal: { signatures: [build] }',
      'internal: { signatures: [build], mode: observe, until: 2026-12-31 }',
      'weaker: tier internal: it only observes until 2026-12-31, and blocks nothing; it did',
    ],
    ['retain: 7y', 'retain: 7y, freezes: [{ from: 2026-12-18, until: 2027-01-04 }]', 'stricter: tier production: freezes: '],
    [
      'retain: 7y',
      'retain: 7y, break-glass: { role: lead, max-age: 4h }',
      'weaker: tier production: 1 of the role lead for 4h may break the glass; nobody could',
    ],
    ['lead: [ann]', 'lead: [ann, bob]', 'weaker: role lead: bob has it too'],
    ['validity: 24h', 'validity: 2d', 'weaker: certificates: the profile day: its certificates live 2d instead of 1d'],
    ['validity: 7d', 'validity: 2d', 'stricter: certificates: the profile week: its certificates live 2d instead of 7d'],
    [
      'environments: [test], workloads',
      'workloads',
      'weaker: certificates: the profile day: its certificates are for every environment',
    ],
    [
      'environments: [test],',
      'environments: [test, production],',
      'weaker: certificates: the profile day: its certificates are for production too',
    ],
    [
      'proof: [second-person]',
      'proof: [second-person, user-verification]',
      'weaker: certificates: the profile week: user-verification proves a request too',
    ],
    ['roles: [all]', 'roles: [all, lead]', 'weaker: certificates: the profile week: people of lead may ask too'],
    [
      'workloads: [ci] }\n    week',
      'workloads: [gate, ci] }\n    week',
      'weaker: certificates: the profile day: the workload gate may ask too',
    ],
    [
      'authority: acme, validity: 24h',
      'authority: acme, keys: [rsa-2048], validity: 24h',
      'weaker: certificates: the profile day: it takes keys of rsa-2048 too',
    ],
    ['key: keys/ca.pem', 'key: keys/ca-2.pem', 'weaker: certificates: the authority acme changed, and may be weaker'],
    [
      ', other: { fulcio: https://ca.example } }\n  profiles',
      ' }\n  profiles',
      'stricter: certificates: the authority other issues no more',
    ],
    [
      '  authorities: {',
      '  inventory: elsewhere\n  authorities: {',
      'weaker: certificates: the inventory is elsewhere: what was issued and revoked before is known there alone',
    ],
    [
      'incident: { role: lead }',
      'incident: { role: all }',
      'weaker: incident: people of the role all may revoke certificates instead of lead',
    ],
    ['incident: { role: lead }', '', 'weaker: incident: nobody may revoke certificates any more'],
    ['all: [ann, bob]', 'all: [ann]', 'stricter: role all: bob has it no more'],
    ['subject: bob', 'subject: bobby', 'weaker: person bob: how bob is recognised changed'],
    [
      'repository: "https://ci.example/acme/**"',
      'repository: "https://ci.example/other/**"',
      'weaker: workload ci: repository has to be https://ci.example/other/** instead of',
    ],
    [
      'repository: "https://ci.example/acme/**"',
      'repository: "https://ci.example/acme/app"',
      'stricter: workload ci: repository has to be https://ci.example/acme/app instead of',
    ],
    ['acme/**" }', 'acme/**", ref: refs/heads/main }', 'stricter: workload ci: ref has to be refs/heads/main'],
    ['public-key: trust/a.pub }', 'public-key: trust/a.pub, until: 2027-01-01 }', 'stricter: signer build: the key '],
    [
      'public-key: trust/a.pub }]',
      'public-key: trust/a.pub }, { ref: keys/c.pem, public-key: trust/c.pub }]',
      'weaker: signer build: the key ',
    ],
    ['ref: keys/a.pem', 'ref: keys/moved.pem', 'different: signer build: the key '],
    [
      'environments: { test: {}',
      'environments: { staging: {}, test: {}',
      'weaker: environment staging: is new: what goes there was refused',
    ],
    ['test: {}', 'test: { allow-development: true }', 'weaker: environment test: what rests on a trial root may go there'],
    ['  - { match: "docs/**", tier: internal }\n', '', 'stricter: rule docs/**: is refused (no rule lists it)'],
    [
      '- { match: "docs/**", tier: internal }',
      '- { match: "**", tier: internal }',
      'weaker: rule **: was refused (no rule lists it), and is let through on conditions',
    ],
    [
      '  - { match: "dist/*.map", sign: never }\n',
      '',
      'weaker: rule dist/**: what also matches dist/*.map was refused (sign: never)',
    ],
    [
      'production: production }',
      'production: internal }',
      'weaker: rule dist/**: falls under the tier internal instead of production: ',
    ],
    [
      'test: internal, production',
      'test: production, production',
      'stricter: rule dist/**: falls under the tier production instead of internal, which asks for more in test',
    ],
    ['{ test: internal, production: production }', 'production', 'weaker: rule dist/**: has one tier for all environments'],
    [
      '- { match: "docs/**", tier: internal }',
      '- { match: "docs/**", tier: internal, owner: team }',
      'different: rule docs/**: its owner changed',
    ],
    ['serial: 4', 'serial: 3', 'weaker: serial: the serial fell from 4 to 3'],
    ['serial: 4', 'serial: 5', 'different: serial: the serial rose from 4 to 5'],
    ['delegates: [windows]', 'delegates: [windows, signers]', 'weaker: delegates: files that build on it settle signers too'],
    [
      'delegates: [windows]\n',
      'delegates: [windows]\nreleases: { by: build }\n',
      'weaker: releases: build closes releases; nobody did',
    ],
    [', lock: compliance', '', 'weaker: evidence: evidence is locked otherwise than before'],
    [
      'audit: { log: log',
      'audit: { persistent: true, log: log',
      'weaker: audit: "audit" changed, and may be weaker [policy.yaml:21:8 policy.yaml:21:8]',
    ],
    [
      'delegates: [windows]\n',
      'delegates: [windows]\nnotify: [{ webhook: https://h.example, secret-env: S, on: [deny] }]\n',
      'weaker: notify: "notify" changed, and may be weaker',
    ],
    [
      'delegates: [windows]\n',
      'delegates: [windows]\ninvalidate-before: 2026-01-01\n',
      'stricter: invalidate-before: approvals from before 2026-01-01 are void',
    ],
  ])('%s → %s', async (from, to, line) => {
    const lines = await diff(from, to);
    expect(
      lines.some((one) => one.startsWith(line)),
      lines.join('\n'),
    ).toBe(true);
    const effect = line.split(':')[0];
    if (effect !== 'weaker')
      expect(
        lines.filter((one) => one.startsWith('weaker')),
        lines.join('\n'),
      ).toEqual([]);
  });

  test('that a file behind a name changed, not the name alone', async () => {
    expect((await diff('serial: 4', 'serial: 5', { 'trust/root.json': '{"a":1}' })).join('\n')).toContain(
      'weaker: trust: the trust root changed',
    );
  });

  test('nothing of what is laid out anew, and that it means the same where it is written otherwise', async () => {
    expect(await diff('name: acme', '# a comment\nname:   acme')).toEqual([]);
    expect(await diff('approvals: [lead]', 'approvals: [{ role: lead, count: 1 }]')).toEqual([
      'different: policy: it is written otherwise, and demands the same [- -]',
    ]);
  });

  test('that rules were put in another order only where that changes what an artifact falls under', async () => {
    const apart = '  - { match: "docs/**", tier: internal }\n';
    const moved = POLICY.replace(apart, '').replace('artifacts:\n', `artifacts:\n${apart}`);
    const effects = diffPolicies(await load(POLICY), await load(moved)).map(({ effect }) => effect);
    expect(effects).toEqual(['different']);
    const never = '  - { match: "dist/*.map", sign: never }\n';
    const last = POLICY.replace(never, '').replace(apart, `${apart}${never}`);
    expect(diffPolicies(await load(POLICY), await load(last)).map(({ effect }) => effect)).toContain('weaker');
  });
});

describe('what a file builds on', () => {
  const base = POLICY;
  const local = (pin: string): string => `version: 1\nextends: { file: base.yaml, ${pin} }\n`;

  test('is compared as what it is, and how it is pinned too', async () => {
    const { digest } = await load(base);
    const other = base.replace('retain: 7y', 'retain: 8y');
    const { digest: next } = await load(other);
    const before = await load(local(`sha256: ${digest}`), { 'base.yaml': base });
    const after = await load(local(`sha256: ${next}`), { 'base.yaml': other });
    expect(diffPolicies(before, after)).toMatchObject([
      { effect: 'stricter', about: 'tier production', old: 'base.yaml:16:102', new: 'base.yaml:16:102' },
    ]);
    expect(diffPolicies(after, before)).toMatchObject([{ effect: 'weaker' }]);
  });
});

describe('how revocation is checked', () => {
  const told = async (was: string, is: string): Promise<string[]> => {
    const withKey = (text: string): string =>
      POLICY.replace('trust: { ', `trust: { ${text === '' ? '' : `revocation: ${text}, `}`);
    const changes = diffPolicies(await load(withKey(was)), await load(withKey(is)));
    return changes.map(({ effect, text }) => `${effect}: ${text}`);
  };

  test.each([
    ['', '{ mode: off }', ['different: it is written otherwise, and demands the same']],
    [
      '',
      '{ mode: require }',
      ['stricter: certificates must be known not to be revoked; until now certificates are not checked for revocation'],
    ],
    [
      '{ mode: require }',
      '{ mode: prefer }',
      ['weaker: certificates that are known to be revoked are refused; until now certificates must be known not to be revoked'],
    ],
    [
      '{ mode: prefer, max-age: 1h }',
      '',
      ['weaker: certificates are not checked for revocation; until now certificates that are known to be revoked are refused'],
    ],
    [
      '{ mode: require, max-age: 4h }',
      '{ mode: require, max-age: 7d }',
      ['weaker: how old an answer on revocation may be: 7d instead of 4h'],
    ],
    [
      '{ mode: require }',
      '{ mode: require, max-age: 60m }',
      ['stricter: how old an answer on revocation may be: 60m instead of what they say themselves'],
    ],
    [
      '{ mode: prefer, max-age: 60m }',
      '{ mode: prefer, max-age: 1h }',
      ['different: it is written otherwise, and demands the same'],
    ],
    [
      '{ mode: require, crls: [a.crl, b.crl] }',
      '{ mode: require, crls: [b.crl, c.crl] }',
      ['weaker: the CRL a.crl is not asked any more', 'weaker: the CRL c.crl is asked too'],
    ],
    ['{ mode: prefer }', '{ mode: prefer, crls: [a.crl] }', ['stricter: the CRL a.crl is asked too']],
    [
      '{ mode: require }',
      '{ mode: require, allow-private: true }',
      ['weaker: those who tell of revocation may be in private networks'],
    ],
  ])('from %j to %j', async (was, is, lines) => {
    expect(await told(was, is)).toEqual(lines);
  });
});

describe('of the times a workload counts as compromised', () => {
  const times = async (from: string, to: string): Promise<string[]> => {
    const written = (spans: string): string =>
      spans === '' ? POLICY : POLICY.replace('repository-id: "7"', `repository-id: "7", compromised: [${spans}]`);
    const changes = diffPolicies(await load(written(from)), await load(written(to)));
    return changes.map(({ effect }) => effect);
  };
  const [MAY, LATE_MAY, JUNE] = [
    '{ from: 2026-05-01, until: 2026-06-01 }',
    '{ from: 2026-05-15, until: 2026-06-01 }',
    '{ from: 2026-06-01, until: 2026-07-01 }',
  ];
  test.each([
    ['one more', '', MAY, ['stricter']],
    ['one without an end', MAY, '{ from: 2026-05-01 }', ['stricter']],
    ['a longer one in place of two', `${MAY}, ${JUNE}`, '{ from: 2026-05-01, until: 2026-07-02 }', ['stricter']],
    ['one less', MAY, '', ['weaker']],
    ['a shorter one', MAY, LATE_MAY, ['weaker']],
    ['another one', MAY, JUNE, ['weaker']],
    ['the same in two', '{ from: 2026-05-01, until: 2026-07-01 }', `${MAY}, ${JUNE}`, ['different']],
    ['the same that overlap', MAY, `${LATE_MAY}, ${MAY}`, ['different']],
  ])('%s is said to be so', async (_, from, to, effects) => {
    expect(await times(from, to)).toEqual(effects);
  });
});
