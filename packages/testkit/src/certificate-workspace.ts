import { afterAll } from 'vitest';
import { createPeopleWorkspace, type PeopleWorkspace } from './people-workspace.ts';
import type { Finished } from './run-program.ts';
import { startTestOidcIssuer, type TestOidcIssuer } from './test-oidc-issuer.ts';
import { gitlabClaims, type WorkloadClaims } from './test-workload-claims.ts';

/** A project of people with a CA of its own, which certifies jobs of an OIDC issuer on this machine, and people. */
export type CertificateWorkspace = PeopleWorkspace & {
  readonly oidc: TestOidcIssuer;
  /** Runs a command as a job of GitLab whose token has these claims. */
  asJob(args: readonly string[], claims?: WorkloadClaims, env?: Readonly<Record<string, string>>): Promise<Finished>;
  /** The environment of such a job. */
  job(claims?: WorkloadClaims): Readonly<Record<string, string>>;
};

/** What differs: profiles, people, and more of the policy, in YAML. */
export type CertificateOptions = {
  readonly profiles?: string;
  readonly authorities?: string;
  /** What `people` says of ann, beside her certificate. */
  readonly ann?: string;
  readonly more?: string;
  /** An issuer that others know too; one of its own unless told. */
  readonly oidc?: TestOidcIssuer;
  /** Whom its tokens are for; `signwright` unless told. */
  readonly audience?: string;
  /** Files by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
};

const CERTIFIED_REPOSITORY = 'acme/app';
const PASSPHRASE = 'a passphrase for a root';

/**
 * Makes such a project: the CA `acme`, the profiles `ci` (24 hours, for the workload `job`) and `approvers` (7 days, for engineering),
 * the signer `held` with a certificate of `ci`, and security for the role that may revoke.
 */
export async function createCertificateWorkspace(options: CertificateOptions = {}): Promise<CertificateWorkspace> {
  const oidc = options.oidc ?? (await startTestOidcIssuer());
  const people = await createPeopleWorkspace({ files: options.files ?? { 'dist/a.tgz': 'a' } });
  people.write('signwright.yaml', policyOf(people, oidc.url, options));
  const init = ['--authority', 'acme', '--root-key', 'offline-root.pem', '--passphrase-env', 'ROOT', '--organization', 'Acme'];
  const { status, stderr } = await people.run(
    ['cert', 'init', ...init, '--issuer', oidc.url, '--issuer', 'https://accounts.acme.example'],
    { env: { ROOT: PASSPHRASE } },
  );
  if (status !== 0) throw new Error(`no CA could be made: ${stderr}`);
  people.write('ca.pem', oidc.caPem);
  const job = (claims: WorkloadClaims = {}): Readonly<Record<string, string>> => ({
    CI: 'true',
    GITLAB_CI: 'true',
    CI_PROJECT_ID: '20',
    CI_PROJECT_URL: `${oidc.url}/${CERTIFIED_REPOSITORY}`,
    CI_COMMIT_BRANCH: 'main',
    CI_COMMIT_SHA: 'ab'.repeat(20),
    CI_JOB_URL: `${oidc.url}/${CERTIFIED_REPOSITORY}/-/jobs/11`,
    CI_PIPELINE_SOURCE: 'push',
    GITLAB_USER_ID: '1017',
    SIGNWRIGHT_ID_TOKEN: oidc.mintToken(gitlabClaims(claims), { audience: options.audience ?? 'signwright' }),
    NODE_EXTRA_CA_CERTS: people.path('ca.pem'),
  });
  return {
    ...people,
    oidc,
    job,
    asJob: (args, claims, env = {}) => people.run(args, { env: { ...job(claims), ...env } }),
    remove() {
      people.remove();
      if (options.oidc === undefined) void oidc.close();
    },
  };
}

/** Makes such projects for the tests of a file, and removes them after the last of them. */
export function certificateProjects(): typeof createCertificateWorkspace {
  const made: CertificateWorkspace[] = [];
  afterAll(() => {
    for (const workspace of made) workspace.remove();
  });
  return async (options) => {
    const here = await createCertificateWorkspace(options);
    made.push(here);
    return here;
  };
}

function policyOf(people: PeopleWorkspace, issuer: string, options: CertificateOptions): string {
  const { profiles = '', authorities = '', ann = '', more = '' } = options;
  const replaced = people
    .read('signwright.yaml')
    .replace('workloads: {', `workloads: { job: { issuer: "${issuer}", repository: "${issuer}/acme/*", ref: refs/heads/main },`)
    .replace('  build: {', '  held: { certificate: { profile: ci }, workloads: [job] }\n  build: {')
    .replace(
      /ann: \{ ssh: \[([^\]]*)\] \}/,
      `ann: { ssh: [$1${ann}], certificate: { issuer: https://accounts.acme.example, subject: ann@acme.example } }`,
    )
    .replace(
      /bob: \{ (ssh: \[[^\]]*\]) \}/,
      'bob: { $1, certificate: { issuer: https://accounts.acme.example, subject: bob@acme.example } }',
    )
    .replace('tiers:\n', 'tiers:\n  nightly: { signatures: [held] }\n')
    .replace(
      'artifacts:\n',
      'artifacts:\n  - { name: nightly, match: "nightly/**", tier: { test: nightly, default: nightly } }\n',
    );
  const written = `${replaced}
certificates:
  persistent: true
  authorities:
    acme: { key: keys/ca.key, crl: "https://crl.acme.example/acme.crl" }
${authorities}  profiles:
    ci: { purpose: nightly builds, authority: acme, validity: 24h, owner: build team, workloads: [job] }
    approvers: { purpose: approvals, authority: acme, validity: 7d, owner: security team, roles: [engineering], proof: [user-verification, second-person] }
${profiles}incident: { role: security }
${more}`;
  return written;
}
