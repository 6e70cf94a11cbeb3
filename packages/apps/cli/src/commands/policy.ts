import { type Policy, policySchemaText, problemLine, resolveArtifact, unenforcedInRun } from '@signwright/policy';
import { KINDS, type Kind, SignwrightError } from '@signwright/signing-core';
import { openPolicy } from '../context/open-policy.ts';
import { EXIT } from '../exit.ts';
import { explainLines } from '../explain-lines.ts';
import { printLines, printNote } from '../print-lines.ts';

/** `signwright policy check`: errors stop it; warnings are printed, and what it would take to be decided by this version. */
export async function policyCheck(file: string, options: { readonly anchor?: string }): Promise<void> {
  const open = await openPolicy({ policy: file, ...options }, new Date());
  const { policy } = open;
  for (const warning of policy.warnings) printNote(`warning: ${problemLine(warning)}`);
  const lines = [
    `${file} is valid${policy.name === undefined ? '' : `: ${policy.name}`}${policy.serial === undefined ? '' : `, serial ${policy.serial}`}`,
    `  policy digest ${policy.digest}`,
    ...(open.trustRoot ? [`  trust root ${open.trustRoot.digest}`] : []),
    `  ${open.anchored ? 'it is what the anchor says' : 'not held against an anchor (--anchor FILE)'}`,
    ...notEnforced(policy),
  ];
  printLines(lines);
}

function notEnforced(policy: Policy): string[] {
  const keys = unenforcedInRun(policy);
  if (keys.length === 0) return [];
  return [
    '  "sign" and "verify" will refuse to run by it, for this version does not enforce:',
    ...keys.map(({ key, where, what }) => `    ${key} (${where}): ${what}`),
  ];
}

export type PolicyExplainOptions = { readonly policy: string; readonly kind?: string; readonly environment?: string };

/** `signwright policy explain NAME` */
export async function policyExplain(name: string, options: PolicyExplainOptions): Promise<number> {
  const kind = options.kind as Kind | undefined;
  if (kind !== undefined && !KINDS.includes(kind)) {
    throw new SignwrightError('usage', `there is no kind ${JSON.stringify(options.kind)}`, {
      next: `the kinds are ${KINDS.join(', ')}`,
    });
  }
  const { policy } = await openPolicy(options, new Date());
  const { environment } = options;
  const resolution = resolveArtifact(policy, {
    name,
    ...(kind === undefined ? {} : { kind }),
    ...(environment === undefined ? {} : { environment }),
  });
  printLines(explainLines(policy, resolution));
  if (resolution.status === 'required') return EXIT.allow;
  return resolution.status === 'environment-needed' ? EXIT.usage : EXIT.deny;
}

/** `signwright policy schema` */
export async function policySchema(): Promise<void> {
  process.stdout.write(policySchemaText);
}
