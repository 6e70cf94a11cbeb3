import { CLAIM_EXTENSIONS, CLAIM_NAMES } from '@signwright/signing-core';
import { CLAIMS_TABLE, type TokenPlatform } from './claims-table.ts';

const TITLES: { readonly [platform in TokenPlatform]: string } = {
  gitlab: 'GitLab',
  github: 'GitHub',
  'azure-devops': 'Azure DevOps',
  jenkins: 'Jenkins',
  kubernetes: 'Kubernetes',
  generic: 'another issuer',
};

/** The table in Markdown, as `docs/workloads.md` has it. */
export function renderClaimsTable(): string {
  const platforms = Object.keys(TITLES) as TokenPlatform[];
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rows = CLAIM_NAMES.map((word) =>
    row([`\`${word}\``, CLAIM_EXTENSIONS[word], ...platforms.map((platform) => CLAIMS_TABLE[platform][word]?.from ?? '–')]),
  );
  const head = ['in the policy', 'in the certificate', ...platforms.map((platform) => TITLES[platform])];
  return [row(head), row(head.map(() => '---')), ...rows].join('\n');
}
