const TRIAL = '.signwright/trial';
const TRUST = `trust: { root: ${TRIAL}/trusted-root.json, timestamp: { trial: ${TRIAL} } }`;

/**
 * The quickstart's policy: two tiers, two signers, and a log of who asked for what.
 *
 * @param audit what the stricter tier says of records, and where the log is; empty for a policy that keeps none.
 */
export function policy(audit: { readonly tier: string; readonly log: string }): string {
  return `version: 1
name: quickstart
${TRUST}
environments:
  production: { allow-development: true }   # a trial: leave this out where only real signatures may count
workloads:
  ci: { issuer: https://trial.signwright.invalid, repository: "https://trial.signwright.invalid/example/*", ref: refs/heads/main }
signers:
  build: { certificate: { trial: ${TRIAL} }, workloads: [ci] }
  release: { keys: [{ ref: keys/release.pem, public-key: keys/release.pub }] }
tiers:
  internal: { signatures: [build] }
  production: { extends: internal, signatures: [release]${audit.tier} }
artifacts:
  - { name: packages, kind: package, match: "dist/*.tgz", tier: production, owner: team-toolkit, reason: published to users }
  - { name: bill of materials, kind: sbom, match: "dist/*.cdx.json", tier: internal, owner: team-toolkit }
  - { name: release notes, kind: document, match: "release/*.md", tier: internal, owner: team-toolkit }
${audit.log}`;
}

/** Whoever writes their own policy can sign under it; the verifier's policy is another. */
export const ATTACKER_POLICY: string = `version: 1
${TRUST}
environments: { default: { allow-development: true } }
workloads:
  us: { issuer: https://trial.signwright.invalid, repository: https://trial.signwright.invalid/example-evil/project }
signers:
  build: { certificate: { trial: ${TRIAL} }, workloads: [us] }
tiers:
  internal: { signatures: [build] }
artifacts:
  - { kind: document, match: "release/**", tier: internal }
`;

/** The identity the trial gives to jobs of that other repository. */
export const ATTACKER_IDENTITY: string = JSON.stringify({
  repository: 'https://trial.signwright.invalid/example-evil/project',
  repository_id: '666',
  ref: 'refs/heads/main',
  runner_environment: 'self-hosted',
  trigger: 'push',
});
