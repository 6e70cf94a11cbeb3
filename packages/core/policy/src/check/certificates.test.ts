import { expect, test } from 'vitest';
import { problemsOf, rich } from '../../tests/policy-files.ts';
import { problemLine } from '../problem.ts';

/** A policy with a CA of its own, `acme`, and one profile. */
function certified(profile: string, authorities = 'acme: { key: keys/ca.pem }', more = ''): string {
  const fields = `purpose: x, owner: y, ${profile}`;
  const certificates = `certificates: { authorities: { ${authorities} }, profiles: { p: { ${fields} } } }`;
  return rich('  t: { signatures: [ci] }', undefined, `${certificates}\n${more}`);
}

const CASES: readonly (readonly [what: string, policy: string, line: string])[] = [
  [
    'a profile of an authority there is none of',
    certified('authority: acne, validity: 1d, workloads: [ci]'),
    'policy.yaml:12:112: certificates.profiles.p.authority: the authority "acne" is not defined; defined are acme; did you mean "acme"?',
  ],
  [
    'environments where another’s CA would have to write them',
    certified(
      'authority: other, validity: 1d, workloads: [ci], environments: [default]',
      'other: { fulcio: https://ca.example }',
    ),
    'policy.yaml:12:161: certificates.profiles.p.environments: only our own CA writes environments into certificates, and "other" is another\'s',
  ],
  [
    'an environment in a profile that there is none of',
    `${certified('authority: acme, validity: 1d, workloads: [ci], environments: [tset]')}environments: { test: {} }\n`,
    'policy.yaml:12:164: certificates.profiles.p.environments[0]: the environment "tset" is not defined; defined are test, default; did you mean "test"?',
  ],
  [
    'a profile for a workload there is none of',
    certified('authority: acme, validity: 1d, workloads: [cii]'),
    'policy.yaml:12:144: certificates.profiles.p.workloads[0]: the workload "cii" is not defined; defined are ci; did you mean "ci"?',
  ],
  [
    'a profile for people of a role there is none of',
    certified('authority: acme, validity: 1d, roles: [leed], proof: [second-person]'),
    'policy.yaml:12:140: certificates.profiles.p.roles[0]: the role "leed" is not defined; defined are lead, security, clickers; did you mean "lead"?',
  ],
  [
    'a profile for people without a proof',
    certified('authority: acme, validity: 1d, roles: [lead]'),
    'policy.yaml:12:77: certificates.profiles.p: the key "proof" is missing, which "roles" needs',
  ],
  [
    'a proof that there is none of',
    certified('authority: acme, validity: 1d, roles: [lead], proof: [second-persn]'),
    'policy.yaml:12:155: certificates.profiles.p.proof[0]: found "second-persn"; allowed are user-verification, second-person; did you mean "second-person"?',
  ],
  [
    'a profile for workloads and people',
    certified('authority: acme, validity: 1d, workloads: [ci], roles: [lead], proof: [second-person]'),
    'policy.yaml:12:77: certificates.profiles.p: exactly one of "workloads", "roles" is needed; found "workloads" and "roles"',
  ],
  [
    'an authority of two kinds',
    certified('authority: acme, validity: 1d, workloads: [ci]', 'acme: { key: keys/ca.pem, fulcio: https://ca.example }'),
    'policy.yaml:12:38: certificates.authorities.acme: exactly one of "key", "fulcio", "step-ca", "vault" is needed; found "key" and "fulcio"',
  ],
  [
    'a CRL of another’s CA',
    certified(
      'authority: other, validity: 1d, workloads: [ci]',
      'other: { fulcio: https://ca.example, crl: https://crl.example/x.crl }',
    ),
    'policy.yaml:12:69: certificates.authorities.other.crl: only our own CA (`key`) has its CRL made here',
  ],
  [
    'a login to a CA that is no Vault',
    certified('authority: other, validity: 1d, workloads: [ci]', 'other: { fulcio: https://ca.example, login-role: x }'),
    'policy.yaml:12:69: certificates.authorities.other.login-role: only a Vault is logged in to',
  ],
  [
    'a key of a CA that cannot be read',
    certified('authority: acme, validity: 1d, workloads: [ci]', 'acme: { key: "awskms://alias/x" }'),
    'policy.yaml:12:45: certificates.authorities.acme.key: awskms://alias/x: it names no key of AWS KMS (write awskms:///alias/NAME, awskms:///KEY-ID or awskms:///arn:aws:kms:REGION:ACCOUNT:key/KEY-ID)',
  ],
  [
    'a signer with a certificate of a profile there is none of',
    rich('  t: { signatures: [ci] }').replace('fulcio: https://ca.example', 'profile: nightly'),
    'policy.yaml:11:33: signers.ci.certificate.profile: the profile "nightly" is not defined; no profile is defined (under "certificates")',
  ],
  [
    'a directory of certificates that are not held',
    rich('  t: { signatures: [ci] }').replace('https://ca.example }', 'https://ca.example, directory: x }'),
    'policy.yaml:11:52: signers.ci.certificate.directory: only with `profile` is the certificate in a directory',
  ],
  [
    'an audience of a held certificate',
    certified('authority: acme, validity: 1d, workloads: [ci]').replace('fulcio: https://ca.example', 'profile: p, audience: x'),
    'policy.yaml:11:36: signers.ci.certificate.audience: the authority of the profile says what it wants',
  ],
  [
    'an incident role there is none of',
    certified('authority: acme, validity: 1d, workloads: [ci]', undefined, 'incident: { role: leed }'),
    'policy.yaml:13:19: incident.role: the role "leed" is not defined; defined are lead, security, clickers; did you mean "lead"?',
  ],
];

test.each(CASES)('%s is told with its place, what is allowed and the nearest word', async (_, policy, line) => {
  expect((await problemsOf(policy)).map(problemLine)).toContain(line);
});
