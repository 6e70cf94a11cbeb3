import { stringify } from 'yaml';
import type { Proposal } from './scan.ts';

/** What a first policy is made of. */
export type FirstPolicy = {
  readonly trial: string;
  readonly repository: string;
  readonly ref: string;
  readonly rules: readonly Proposal[];
};

/** Writes a first policy as YAML with comments that say what to change for production. */
export function writePolicy({ trial, repository, ref, rules }: FirstPolicy): string {
  const quoted = (text: string): string => stringify(text).trim();
  const artifacts = rules.map(({ match, kind, tier, why }) => {
    const fields = [...(kind === undefined ? [] : [`kind: ${kind}`]), `match: ${JSON.stringify(match)}`, `tier: ${tier}`];
    return `  - { ${fields.join(', ')} } # ${why}`;
  });
  const production = '  production: { extends: internal } # what production demands beyond it is added here';
  return `# What must be signed, by whom, and where it may go. "signwright policy explain NAME" says what applies to a file.
version: 1

trust:
  root: ${trial}/trusted-root.json # a trial trust domain; for production: signwright trust add
  timestamp: { trial: ${trial} } # for production: { urls: [https://your-timestamp-authority] }

environments:
  default: { allow-development: true } # leave allow-development out where only real signatures may count

# Which jobs may sign, by what their certificates say.
workloads:
  ci: { issuer: https://trial.signwright.invalid, repository: ${quoted(repository)}, ref: ${quoted(ref)} }

signers:
  build: { certificate: { trial: ${trial} }, workloads: [ci] }

tiers:
  internal: { signatures: [build] }
${rules.some(({ tier }) => tier === 'production') ? production : production.replace('  ', '  # ')}

# First match wins; what nothing matches is refused.
artifacts:
${artifacts.join('\n')}
`;
}
