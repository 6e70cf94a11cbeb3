import { describe, expect, test } from 'vitest';
import { CERT, load, problemsOf, rich, withKey } from '../../tests/policy-files.ts';
import { problemLine } from '../problem.ts';

const WEAK_RSA = Buffer.from(`000000077373682d727361000000030100010000008100${'ff'.repeat(128)}`, 'hex').toString('base64');
const ED = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOtwh8/TVzbzNaXpbslCnyqVS2VGkDexBwa7PnwJgS25';
/** A policy with a workload that is told from others by one claim. */
function bounded(claim: string): string {
  return withKey(`workloads: { ci: { issuer: https://ci.example, ${claim} } }`);
}

type Case = readonly [what: string, policy: string, line: string];

const CASES: readonly Case[] = [
  [
    'an unknown key',
    withKey('', 'tiers: { internal: { signatures: [build], audti: required } }'),
    'policy.yaml:4:43: tiers.internal.audti: unknown key; allowed are extends, signatures, audit, approvals, approvals-expire, separation-of-duties, attestations, windows, freezes, break-glass, retain, mode, until; did you mean "audit"?',
  ],
  [
    'a value that is none of those allowed',
    withKey('', 'tiers: { internal: { signatures: [build], audit: requird } }'),
    'policy.yaml:4:50: tiers.internal.audit: found "requird"; allowed are required, best-effort; did you mean "required"?',
  ],
  [
    'a key reference that cannot be read',
    withKey('').replace('ref: keys/a.pem', 'ref: "awskms://alias/x"'),
    'policy.yaml:3:35: signers.build.keys[0].ref: awskms://alias/x: it names no key of AWS KMS (write awskms:///alias/NAME, awskms:///KEY-ID or awskms:///arn:aws:kms:REGION:ACCOUNT:key/KEY-ID)',
  ],
  [
    'a login to what is no Vault',
    rich('  t: { signatures: [ci] }').replace('ca.example }', 'ca.example, login-role: x }'),
    'policy.yaml:11:52: signers.ci.certificate.login-role: only a Vault is logged in to',
  ],
  [
    'an address where no role of a Vault signs',
    rich('  t: { signatures: [ci] }').replace('fulcio: https://ca.example', 'vault: https://vault.example/v1/pki'),
    'policy.yaml:11:31: signers.ci.certificate.vault: allowed is the address a role signs at, such as https://vault.acme.example/v1/pki/sign/ci',
  ],
  [
    'more of a workload than a Vault can certify',
    rich('  t: { signatures: [ci] }').replace('fulcio: https://ca.example', 'vault: https://vault.example/v1/pki/sign/ci'),
    'policy.yaml:11:22: signers.ci.certificate: a Vault certifies a URI name alone, and the workload "ci" asks for repository-id: tell it by "subject"',
  ],
  [
    'an undefined signer',
    withKey('', 'tiers: { internal: { signatures: [biuld] } }'),
    'policy.yaml:4:35: tiers.internal.signatures[0]: the signer "biuld" is not defined; defined are build; did you mean "build"?',
  ],
  [
    'releases closed by an undefined signer',
    withKey('releases: { by: clsoer }'),
    'policy.yaml:2:17: releases.by: the signer "clsoer" is not defined; defined are build',
  ],
  [
    'an undefined tier',
    withKey('', undefined, 'artifacts: [{ match: x, tier: intern }]'),
    'policy.yaml:5:31: artifacts[0].tier: the tier "intern" is not defined; defined are internal; did you mean "internal"?',
  ],
  [
    'an environment that is not listed',
    withKey('environments: { production: {} }', undefined, 'artifacts: [{ match: x, tier: { prodution: internal } }]'),
    'policy.yaml:5:33: artifacts[0].tier.prodution: the environment "prodution" is not defined; defined are production, default; did you mean "production"?',
  ],
  [
    'an undefined role',
    rich('  t: { signatures: [ci], audit: required, approvals: [securty] }'),
    'policy.yaml:14:55: tiers.t.approvals[0]: the role "securty" is not defined; defined are lead, security, clickers; did you mean "security"?',
  ],
  [
    'an undefined workload',
    withKey('').replace('signers: { ', `signers: { x: { ${CERT}, workloads: [cii] }, `),
    'policy.yaml:3:74: signers.x.workloads[0]: the workload "cii" is not defined; no workload is defined (under "workloads")',
  ],
  ['a missing key', 'version: 1\nartifacts: []\n', 'policy.yaml:1:1: the key "tiers" is missing'],
  [
    'a number where text is wanted',
    withKey('workloads: { ci: { issuer: https://ci.example, repository-id: 4712 } }'),
    'policy.yaml:2:63: workloads.ci.repository-id: found 4712; allowed is a name or pattern ("*" stays within "/", "**" crosses it) of 512 characters at the most, such as dist/** or registry.acme.example/apps/* (put it in quotes)',
  ],
  [
    'never and a tier at once',
    withKey('', undefined, 'artifacts: [{ match: x, tier: internal, sign: never }]'),
    'policy.yaml:5:13: artifacts[0]: exactly one of "tier", "vendor", "sign" is needed; found "tier" and "sign"',
  ],
  [
    'a vendor and a tier at once',
    withKey('', undefined, 'artifacts: [{ match: x, tier: internal, vendor: y }]'),
    'policy.yaml:5:13: artifacts[0]: exactly one of "tier", "vendor", "sign" is needed; found "tier" and "vendor"',
  ],
  [
    'a signer with neither certificate nor keys',
    withKey('').replace('signers: { ', 'signers: { x: {}, '),
    'policy.yaml:3:15: signers.x: at least one of "certificate", "keys" is needed; none is there',
  ],
  [
    'two certificate authorities at once',
    withKey('').replace(
      'signers: { ',
      'signers: { x: { certificate: { fulcio: https://a.example, vault: https://b.example } }, ',
    ),
    'policy.yaml:3:30: signers.x.certificate: exactly one of "fulcio", "step-ca", "vault", "trial", "profile" is needed; found "fulcio" and "vault"',
  ],
  [
    'a date the calendar does not have',
    withKey('invalidate-before: 2026-02-30'),
    'policy.yaml:2:20: invalidate-before: found "2026-02-30"; allowed is a date, or a time with its offset, such as 2026-12-31 or 2026-12-31T16:00:00Z',
  ],
  [
    'a duration without a unit',
    withKey('', 'tiers: { internal: { signatures: [build], retain: "7" } }'),
    'policy.yaml:4:51: tiers.internal.retain: found "7"; allowed is a duration in s, m, h, d, w or y (365 days), such as 4h or 7d',
  ],
  [
    'a path out of the directory',
    withKey('trust: { root: ../root.json }'),
    'policy.yaml:2:16: trust.root: found "../root.json"; allowed is a relative path with "/" that stays within the policy\'s directory, such as trust/release.pub',
  ],
  [
    'an issuer by pattern',
    withKey('workloads: { ci: { issuer: "https://*.example", repository-id: "1" } }'),
    'policy.yaml:2:28: workloads.ci.issuer: found "https://*.example"; allowed is an exact https URL, without patterns, such as https://gitlab.acme.example',
  ],
  [
    'a workload that is everybody at its issuer',
    withKey('workloads: { ci: { issuer: https://ci.example, ref: refs/heads/main } }'),
    'policy.yaml:2:14: workloads.ci: the workload is everybody at its issuer: give at least one of "repository", "repository-id", "subject" that says whose',
  ],
  [
    'a workload that is every repository there is',
    bounded('repository: "https://**"'),
    'policy.yaml:2:60: workloads.ci.repository: found "https://**", which does not say whose it is: allowed is an https URL with the host and the first letters of the path before any "*", such as https://gitlab.acme.example/acme/**',
  ],
  [
    'a workload that is every job of many',
    bounded('subject: "repo:*/**"'),
    'policy.yaml:2:57: workloads.ci.subject: found "repo:*/**", which does not say whose it is: begin it with what is yours alone, before any "*", such as project_path:acme/app:* or https://jenkins.acme.example/job/release/**',
  ],
  [
    'a repository by part of its number',
    bounded('repository-id: "47*"'),
    'policy.yaml:2:63: workloads.ci.repository-id: found "47*", which does not say whose it is: allowed is the id of one repository, such as "4712"',
  ],
  [
    'a vendor that is everybody at its issuer',
    withKey('identities: { x: { issuer: https://i.example, subject: "https://github.com/**", root: trust/root.json } }'),
    'policy.yaml:2:56: identities.x.subject: found "https://github.com/**", which does not say whose it is: begin it',
  ],
  [
    'a pattern whose meaning would be a guess',
    withKey('', undefined, 'artifacts: [{ match: "dist/a**", tier: internal }]'),
    'policy.yaml:5:22: artifacts[0].match: in the pattern "dist/a**", "**" must stand alone between slashes',
  ],
  [
    'a pattern with too many stars',
    withKey('', undefined, 'artifacts: [{ match: ["*a/**/*b*c*d*e*f*g", "**/*a*a*a*a*a*a*a*/x"], tier: internal }]'),
    'artifacts[0].match[1]: the pattern has 9 stars, and may have 8 at the most ("**" counts as one): write two patterns, or a shorter one',
  ],
  [
    'a pattern that is too long',
    withKey('', undefined, `artifacts: [{ match: "${'a'.repeat(513)}", tier: internal }]`),
    '…; allowed is a pattern of 512 characters at the most, or a list of patterns',
  ],
  [
    'a claim by a pattern that is too long',
    bounded(`repository: "https://git.example/${'a'.repeat(493)}"`),
    '…; allowed is a name or pattern ("*" stays within "/", "**" crosses it) of 512 characters at the most',
  ],
  [
    'a claim by a pattern with too many stars',
    bounded(`subject: "acme${'/*'.repeat(9)}"`),
    'policy.yaml:2:57: workloads.ci.subject: the pattern has 9 stars',
  ],
  [
    'more patterns than can be matched in time',
    withKey(
      '',
      undefined,
      `artifacts: [{ match: &l [${Array.from({ length: 100 }, (_, at) => `"*${'a'.repeat(500)}${at}"`).join(', ')}], tier: internal }${', { match: *l, tier: internal }'.repeat(3)}]`,
    ),
    'policy.yaml:5:12: artifacts: the patterns with stars have 201160 characters together, and may have 200000 at the most: write fewer and wider ones',
  ],
  [
    'a pattern no name can match',
    withKey('', undefined, 'artifacts: [{ match: "./dist/*", tier: internal }]'),
    'policy.yaml:5:22: artifacts[0].match: no name matches "./dist/*": names are relative, without "", "." and ".." parts',
  ],
  [
    'tiers that extend in a circle',
    withKey('', 'tiers: { internal: { extends: b, signatures: [build] }, b: { extends: internal } }'),
    'policy.yaml:4:31: tiers.internal.extends: a circle: internal extends b extends internal',
  ],
  [
    'a tier that asks for no signature',
    withKey('', 'tiers: { internal: { signatures: [build] }, b: { audit: required } }'),
    'policy.yaml:4:45: tiers.b: the tier asks for no signature: list at least one signer under "signatures"',
  ],
  [
    'a tier that asks for records in no log',
    withKey('', 'tiers: { internal: { signatures: [build], audit: required } }'),
    'policy.yaml:4:50: tiers.internal.audit: there is no log: say where it lies under "audit" at the top',
  ],
  [
    'a log that nobody could check',
    withKey('audit: { log: log }', 'tiers: { internal: { signatures: [build], audit: best-effort } }'),
    'policy.yaml:4:50: tiers.internal.audit: nobody could check a record: put the log\'s key under "verifier-keys" of "audit" at the top ("signwright audit key" prints it)',
  ],
  [
    "a log's key that was mistyped",
    withKey('audit: { log: log, verifier-keys: ["log.acme.example+f5bab159+AYOXouSgNZqDIoA3JQICGD5uDfvlHx7KYOSlguexIVcQ"] }'),
    'policy.yaml:2:36: audit.verifier-keys[0]: the verifier key "log.acme.example+f5bab159+AYOXouSgNZqDIoA3JQICGD5uDfvlHx7KYOSlguexIVcQ" is not "log.acme.example+f5bab158+AYOXouSgNZqDIoA3JQICGD5uDfvlHx7KYOSlguexIVcQ", which its name and key make (copy it whole)',
  ],
  [
    'a witness under another name, and more witnesses wanted than there are',
    withKey(
      'audit: { log: log, witnesses: [{ name: w, key: "witness.acme.example+396bc887+BAidDOlBFkfcsi/YIt5uM11m/GGPAD8WpN54/0+DpJpw" }], witness-count: 2 }',
    ),
    'policy.yaml:2:48: audit.witnesses[0].key: the key of "witness.acme.example", not of "w"\npolicy.yaml:2:144: audit.witness-count: more than the 1 witnesses there are: it could never be met',
  ],
  [
    'an age that nobody attests',
    withKey('audit: { log: log, max-age: 4h }'),
    'policy.yaml:2:20: audit.max-age: nobody attests how old a checkpoint is: name who cosigns it under "witnesses" ("signwright audit init --witness" makes a key for one), or leave it out',
  ],
  [
    'a lock without an end',
    withKey('audit: { log: "s3://log", lock: compliance }'),
    'policy.yaml:2:27: audit.lock: "lock" needs "retain" beside it',
  ],
  [
    'approvals that say nothing of audit',
    rich('  t: { signatures: [ci], approvals: [security] }'),
    'policy.yaml:14:3: tiers.t: the tier has approvals, so it must say "audit: required", or "audit: best-effort": without the log a withdrawn approval goes unseen',
  ],
  [
    'separated duties without a certificate',
    rich('  t: { signatures: [build], separation-of-duties: [author] }'),
    'policy.yaml:14:3: tiers.t: the tier separates duties, but asks for no signature by certificate (of every kind): a key does not prove whose job signed, so the author is unknown',
  ],
  [
    'separated duties where nobody may collect who wrote what',
    rich('  t: { signatures: [ci], separation-of-duties: [author] }'),
    'policy.yaml:14:26: tiers.t.separation-of-duties: the tier separates duties, so the policy must name "verifiers": their signers collect what platforms and histories say, and nobody else\'s word on it counts',
  ],
  [
    'clicks that nobody may collect',
    rich('  t: { signatures: [ci], audit: required, approvals: [{ role: clickers, kind: platform }] }'),
    'policy.yaml:14:3: tiers.t: the tier lets clicks on a platform count, so the policy must name "verifiers": their signers collect what platforms and histories say, and nobody else\'s word on it counts',
  ],
  [
    'somebody who is of a role twice at once',
    rich('  t: { signatures: [ci] }').replace(
      'lead: [ann]',
      'lead: [ann, { person: bob, until: 2026-06-01 }, { person: bob, from: 2026-05-01 }]',
    ),
    'policy.yaml:7:58: roles.lead[2]: "bob" is of the role "lead" already: list each person once, or again for a later time ("from", "until")',
  ],
  [
    'a membership that ends before it begins',
    rich('  t: { signatures: [ci] }').replace('lead: [ann]', 'lead: [{ person: ann, from: 2026-05-01, until: 2026-05-01 }]'),
    'policy.yaml:7:57: roles.lead[0].until: ends 2026-05-01, before it begins (2026-05-01)',
  ],
  [
    'a compromise that ends before it begins',
    rich('  t: { signatures: [ci] }').replace('id: "1"', 'id: "1", compromised: [{ from: 2026-05-02, until: 2026-05-01 }]'),
    'policy.yaml:8:109: workloads.ci.compromised[0].until: ends 2026-05-01, before it begins (2026-05-02)',
  ],
  [
    'an address that two people have, as far as anybody can tell',
    rich('  t: { signatures: [ci] }')
      .replace('ann: {', 'ann: { emails: [Ann@acme.example],')
      .replace('bob: {', 'bob: { emails: ["ann+work@ACME.example"],'),
    'policy.yaml:5:19: people.bob.emails[0]: the same e-mail address is "ann"\'s: each belongs to one person',
  ],
  [
    'more approvals than a role has people',
    rich('  t: { signatures: [ci], audit: required, approvals: [{ role: security, count: 3 }] }'),
    'policy.yaml:14:54: tiers.t.approvals: 3 of the role "security" must approve, but 2 of its people have an SSH key or certificate to sign with',
  ],
  [
    'a role whose people cannot sign',
    rich('  t: { signatures: [ci], audit: required, approvals: [clickers] }'),
    'policy.yaml:14:54: tiers.t.approvals: 1 of the role "clickers" must approve, but 0 of its people have an SSH key or certificate to sign with',
  ],
  [
    'roles that need more different people than there are',
    rich('  t: { signatures: [ci], audit: required, approvals: [lead, { role: security, count: 2 }] }'),
    'policy.yaml:14:43: tiers.t.approvals: the approvals (1 of "lead", 2 of "security") need different people, and these roles do not have enough between them',
  ],
  [
    'a tier that weakens audit',
    rich('  t: { signatures: [ci], audit: required }\n  u: { extends: t, audit: best-effort }'),
    'policy.yaml:15:27: tiers.u.audit: weaker than the tier "t": audit is required there',
  ],
  [
    'a tier that lets approvals live longer',
    rich('  t: { signatures: [ci], approvals-expire: 1d }\n  u: { extends: t, approvals-expire: 25h }'),
    'policy.yaml:15:38: tiers.u.approvals-expire: weaker than the tier "t": approvals expire sooner there (86400 s)',
  ],
  [
    'a tier that asks for fewer approvals',
    rich(
      '  t: { signatures: [ci], audit: required, approvals: [{ role: security, count: 2 }] }\n  u: { extends: t, approvals: [security] }',
    ),
    'policy.yaml:15:32: tiers.u.approvals[0]: weaker than the tier "t": 2 of the role "security" approve there',
  ],
  [
    'a tier that fails on less',
    rich(
      '  t: { signatures: [ci], attestations: [{ type: vulnerabilities, by: ci, fail-on: medium }] }\n  u: { extends: t, attestations: [{ type: vulnerabilities, by: ci, fail-on: critical }] }',
    ),
    'policy.yaml:15:68: tiers.u.attestations[0].fail-on: weaker than the tier "t": it fails on medium there already',
  ],
  [
    'a tier that observes what is enforced',
    rich('  t: { signatures: [ci] }\n  u: { extends: t, mode: observe, until: 2026-12-31 }'),
    'policy.yaml:15:26: tiers.u.mode: weaker than the tier "t": that one is enforced',
  ],
  [
    'observing without an end',
    withKey('', 'tiers: { internal: { signatures: [build], mode: observe } }'),
    'policy.yaml:4:49: tiers.internal.mode: "observe" needs "until": a date 90 days from now at the most',
  ],
  [
    'observing for too long',
    withKey('', 'tiers: { internal: { signatures: [build], mode: observe, until: 2027-03-01 } }'),
    'policy.yaml:4:65: tiers.internal.until: found 2027-03-01; "observe" lasts 90 days at the most, until 2027-02-20',
  ],
  [
    'a window that never opens',
    rich('  t: { signatures: [ci], windows: [{ days: mon-fri, from: "16:00", to: "08:00", timezone: UTC }] }'),
    'policy.yaml:14:36: tiers.t.windows[0]: the window never opens: it closes at 08:00, and opens at 16:00; write one that spans midnight as two',
  ],
  [
    'a time zone nobody knows',
    rich('  t: { signatures: [ci], windows: [{ days: mon-fri, from: "08:00", to: "16:00", timezone: Europe/Stokholm }] }'),
    'policy.yaml:14:91: tiers.t.windows[0].timezone: found "Europe/Stokholm"; allowed is a name of the IANA time zone database, such as Europe/Stockholm or UTC',
  ],
  [
    'a freeze that ends before it begins',
    rich('  t: { signatures: [ci], freezes: [{ from: 2027-01-04, until: 2026-12-18 }] }'),
    'policy.yaml:14:63: tiers.t.freezes[0].until: ends 2026-12-18, before it begins (2027-01-04)',
  ],
  [
    'a signer by certificate that anybody could be',
    withKey('').replace('signers: { ', `signers: { x: { ${CERT} }, `),
    'policy.yaml:3:12: signers.x: the signer names no "workloads": anybody the CA or the KMS lets in could sign as it; only key files go without',
  ],
  [
    'a builder that signs verdicts',
    withKey('verifiers: [{ id: https://gate.example, by: build }]'),
    'policy.yaml:2:45: verifiers[0].by: the signer "build" signs for a tier: who builds may not sign verdicts',
  ],
  [
    'one SSH key for two people',
    withKey(`people: { ann: { ssh: ["${ED} ann"] }, bob: { ssh: ["${ED} bob"] } }`),
    `policy.yaml:2:128: people.bob.ssh[0]: the same SSH key is "ann"'s: each belongs to one person`,
  ],
  [
    'an SSH key cut short',
    withKey('people: { ann: { ssh: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9d"] } }'),
    'policy.yaml:2:24: people.ann.ssh[0]: not a whole public key of type ssh-ed25519: paste the line of the .pub file',
  ],
  [
    'one SSH key twice, under other comments',
    withKey(`people: { ann: { ssh: ["${ED} at work", { key: "${ED}  at home" }] } }`),
    'policy.yaml:2:123: people.ann.ssh[1].key: the same SSH key is listed twice',
  ],
  [
    'a weak RSA key',
    withKey(`people: { ann: { ssh: ["ssh-rsa ${WEAK_RSA}"] } }`),
    'policy.yaml:2:24: people.ann.ssh[0]: found an RSA key of 1024 bits; allowed are 2048 to 8192 (make another key: ssh-keygen -t',
  ],
  [
    'an SSH certificate',
    withKey('people: { ann: { ssh: [{ key: "ssh-ed25519-cert-v01@openssh.com AAAA" }] } }'),
    'policy.yaml:2:31: people.ann.ssh[0].key: found a certificate ("ssh-ed25519-cert-v01@openssh.com"), where a key belongs (give',
  ],
  [
    'a private SSH key',
    withKey('people: { ann: { ssh: ["-----BEGIN OPENSSH PRIVATE KEY-----"] } }'),
    'policy.yaml:2:24: people.ann.ssh[0]: this is a private key, where a public one belongs (give the line of the .pub file)',
  ],
  [
    'an SSH key that nobody can have',
    withKey(`people: { ann: { ssh: ["${ED.replace('IOtw', 'IAAA')}"] } }`),
    'policy.yaml:2:24: people.ann.ssh[0]: a public key of type ssh-ed25519 that is no point of its curve',
  ],
  [
    'a public key that is missing',
    withKey('').replace('trust/a.pub', 'trust/x.pub'),
    'policy.yaml:3:59: signers.build.keys[0].public-key: there is no file trust/x.pub',
  ],
];

describe('a problem is told by file, line, column and path, with what was found, what is allowed and the nearest word:', () => {
  test.each(CASES)('%s', async (_what, policy, line) => {
    expect((await problemsOf(policy)).map(problemLine).join('\n')).toContain(line);
  });

  test.each([
    'repository: "https://*/**"',
    'repository: "https://*.example/acme/**"',
    'repository: "https://git.example/**"',
    'repository: "https://git.example/*/**"',
    'repository: "https://git.example/*/app"',
    'repository: "https://git.example"',
    'repository: "http://git.example/acme/**"',
    'repository: "acme/**"',
    'repository: "**"',
    'repository-id: "*"',
    'repository-id: "**"',
    'subject: "*"',
    'subject: "ab*"',
    'subject: "repo:*"',
    'subject: "https://*/job/release"',
    'subject: "https://jenkins.example/**"',
    'subject: "http*//**"',
    'repository-id: "1", subject: "*"',
  ])('a workload that does not say whose it is: %s', async (claim) => {
    const found = await problemsOf(bounded(claim));
    expect(found.map(({ message }) => message)).toEqual([expect.stringContaining('which does not say whose it is')]);
  });

  test.each([
    'repository: "https://git.example/acme/**"',
    'repository: "https://git.example:8443/a*"',
    'repository: https://git.example/acme/app',
    'repository-id: "4712"',
    'subject: "repo:a/*"',
    'subject: "project_path:acme/app:*"',
    'subject: "https://jenkins.example/job/**"',
    'subject: "spiffe://cluster.local/ns/**"',
    'subject: "acme/*", repository-id: "1"',
    'subject: x',
  ])('but not a workload that does: %s', async (claim) => {
    await expect(load(bounded(claim))).resolves.toBeDefined();
  });

  test('all of them at once, each once, in the order they stand there', async () => {
    const policy = withKey('serial: -1\nowner: ""', 'tiers: { internal: { signatures: [build, nobody], mode: x } }');
    expect((await problemsOf(policy)).map(({ path }) => path)).toEqual(['serial', 'owner', 'tiers.internal.mode']);
    const later = withKey('', 'tiers: { internal: { signatures: [a, b], extends: c } }', 'artifacts: [{ match: x, tier: d }]');
    expect((await problemsOf(later)).map(({ path }) => path)).toEqual([
      'tiers.internal.signatures[0]',
      'tiers.internal.signatures[1]',
      'tiers.internal.extends',
      'artifacts[0].tier',
    ]);
  });

  test('a chain of tiers is ten at the most, so that resolving one stays cheap', async () => {
    const chain = Array.from(
      { length: 11 },
      (_, at) => `t${at}: { signatures: [build]${at === 0 ? '' : `, extends: t${at - 1}`} }`,
    );
    const long = withKey('', `tiers: { ${chain.join(', ')} }`, 'artifacts: [{ match: x, tier: t10 }]');
    expect((await problemsOf(long)).map(({ path, message }) => `${path} ${message}`)).toEqual([
      'tiers.t10.extends at most 10 tiers may extend one another; here it is 11',
    ]);
  });

  test('and no more than fifty of them', async () => {
    const keys = Array.from({ length: 80 }, (_, index) => `key${index}: 1`).join('\n');
    expect(await problemsOf(withKey(keys))).toHaveLength(50);
  });
});
