import { generateKeyPairSync } from 'node:crypto';
import { createPeopleWorkspace, type PeopleWorkspace } from '@signwright/testkit';

/** A project whose files a key and a job sign, as people write policies: with comments, one below the other. */
export async function incidentProject(more = ''): Promise<PeopleWorkspace> {
  const here = await createPeopleWorkspace({ files: { 'dist/a.tgz': 'a', 'jobs/a.tgz': 'job a' } });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  here.write('keys/release.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  here.write('keys/release.pub', publicKey.export({ type: 'spki', format: 'pem' }));
  const audit = /^audit: .*$/m.exec(here.read('signwright.yaml'))?.[0] ?? '';
  here.write(
    'signwright.yaml',
    `# What is signed here, and by whom.
version: 1
serial: 7 # raise it with each edition
trust: { root: .signwright/trial/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true }, test: { allow-development: true } }
workloads:
  # The runners of the team.
  ci:
    issuer: https://trial.signwright.invalid
    repository: "https://trial.signwright.invalid/acme/*" # all of acme
signers:
  job: { certificate: { trial: .signwright/trial }, workloads: [ci] }
  release:
    keys:
      # On the build machine.
      - ref: keys/release.pem
        public-key: keys/release.pub # pinned 2026-01
people:
  ann: { ssh: ["${here.line('ann')}", "${here.line('ann-too')}"] } # on leave
  bob: { ssh: ["${here.line('bob')}"] }
  cleo:
    ssh:
      - ${here.line('cleo')} # laptop
roles: { engineering: [ann, bob], security: [bob, cleo] }
incident: { role: security }
tiers:
  internal: { signatures: [release], audit: best-effort }
  jobs: { signatures: [job], audit: best-effort, approvals: [engineering], approvals-expire: 24h }
artifacts:
  - { match: "dist/**", tier: internal }
  - { match: "jobs/**", tier: jobs }
${audit}
${more}`,
  );
  return here;
}
