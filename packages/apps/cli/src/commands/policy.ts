import {
  casesSchemaText,
  type Policy,
  policySchemaText,
  problemLine,
  resolveArtifact,
  type Unenforced,
  unenforcedAnywhere,
  unenforcedInRun,
} from '@signwright/policy';
import { safeJson } from '@signwright/report';
import { KINDS, type Kind, SignwrightError } from '@signwright/signing-core';
import { checkStores } from '../context/check-stores.ts';
import { openPolicy, type PolicyOptions } from '../context/open-policy.ts';
import { checkRootInUse } from '../context/root-in-use.ts';
import { EXIT } from '../exit.ts';
import { explainData, explainLines } from '../explain-lines.ts';
import { printLines, printNote } from '../print-lines.ts';

type Output = { readonly output: 'text' | 'json' };

/** `signwright policy check`: errors stop it; warnings are printed, and what this version cannot do of what it asks for. */
export async function policyCheck(file: string, options: Output & { readonly anchor?: string }): Promise<void> {
  const open = await openPolicy({ policy: file, ...options }, new Date());
  await checkStores(open);
  const { policy, trustRoot, anchored } = open;
  checkRootInUse(open.rootInUse, { at: Date.now(), note: printNote, signing: false });
  const found = notEnforced(policy);
  if (options.output === 'json') {
    const { name, serial, digest, warnings } = policy;
    const checked = {
      version: 1,
      file,
      name,
      serial,
      digest,
      trustRoot: trustRoot?.digest,
      anchored,
      warnings,
      notEnforced: found,
    };
    process.stdout.write(safeJson(checked));
    return;
  }
  for (const warning of policy.warnings) printNote(`warning: ${problemLine(warning)}`);
  const called = policy.name === undefined ? '' : `: ${policy.name}`;
  printLines([
    `${file} is valid${called}${policy.serial === undefined ? '' : `, serial ${policy.serial}`}`,
    `  policy digest ${policy.digest}`,
    ...(trustRoot ? [`  trust root ${trustRoot.digest}`] : []),
    `  ${anchored ? 'it is what the anchor says' : 'not held against an anchor (--anchor FILE)'}`,
    ...limits(found),
  ]);
}

type NotEnforced = Unenforced & { readonly needed: 'always' | 'by-rule' };

/** The keys this version does not enforce: those any run needs, and those an artifact needs whose rule leads to them. */
function notEnforced(policy: Policy): NotEnforced[] {
  const always = new Set(unenforcedInRun(policy).map(({ key, where }) => `${where} ${key}`));
  return unenforcedAnywhere(policy).map((one) => ({
    ...one,
    needed: always.has(`${one.where} ${one.key}`) ? 'always' : 'by-rule',
  }));
}

function limits(found: readonly NotEnforced[]): string[] {
  const keys = (wanted: NotEnforced['needed']): string[] =>
    found.filter(({ needed }) => needed === wanted).map(({ key, where, what }) => `    ${key} (${where}): ${what}`);
  const headed = (head: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [head, ...lines]);
  return [
    ...headed('  "sign" and "verify" will refuse to run by it, for this version does not enforce:', keys('always')),
    ...headed('  they will refuse artifacts whose rule leads to what this version does not enforce:', keys('by-rule')),
  ];
}

export type PolicyExplainOptions = Output & PolicyOptions & { readonly kind?: string; readonly environment?: string };

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
  if (options.output === 'json') process.stdout.write(safeJson({ version: 1, ...explainData(policy, resolution) }));
  else printLines(explainLines(policy, resolution));
  if (resolution.status === 'required') return EXIT.allow;
  return resolution.status === 'environment-needed' ? EXIT.usage : EXIT.deny;
}

/** `signwright policy schema [--cases]` */
export async function policySchema({ cases }: { readonly cases?: true }): Promise<void> {
  process.stdout.write(cases ? casesSchemaText : policySchemaText);
}
