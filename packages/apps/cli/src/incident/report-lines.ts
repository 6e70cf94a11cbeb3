import { existsSync } from 'node:fs';
import { signatureOf } from '@signwright/policy';
import { shellWord, signaturePathsOf } from '@signwright/signing-core';
import { crlLine, type PublishedCrl } from '../certificates/publish-crl.ts';
import type { Affected, AffectedSignature } from './affected.ts';
import { type IncidentPlan, type IncidentReport, patchOf } from './plan.ts';
import type { PlannedEdit } from './plan-cut-off.ts';

/** Lines of a list, at the most: `--out` and the evidence have all of it. */
const SHOWN = 50;

/** What is affected, and what is to be done, step by step. */
export function planLines(plan: IncidentPlan, dryRun: boolean): string[] {
  const { scope, why } = plan;
  const { since, until } = scope.compromise;
  const when = since === undefined ? ', all of it' : `, from ${since} ${until === undefined ? 'on' : `until ${until}`}`;
  return [
    `${dryRun ? 'dry run: ' : ''}${scope.name}${when}`,
    `  because: ${why}`,
    '',
    '1. what is affected',
    ...affectedLines(plan.affected),
    '',
    '2. certificates to revoke',
    ...certificateLines(plan),
    '',
    '3. cut-offs',
    ...cutOffLines(plan),
    '',
    '4. the record of it: signed by you, kept in the evidence and in the log',
    '5. notifications: whom the policy wants told of an incident',
    '',
    '6. new certificates',
    ...reissueLines(plan),
    ...(dryRun ? ['', 'dry run: nothing was signed, written or told'] : []),
  ];
}

function affectedLines({ signatures, artifacts, verdicts, unread, limits }: Affected): string[] {
  const of = (standing: AffectedSignature['standing']): readonly AffectedSignature[] =>
    signatures.filter((one) => one.standing === standing);
  const passed = verdicts.filter(({ result }) => result === 'PASSED');
  return [
    `  ${counted(artifacts, 'artifact')}, ${counted(signatures, 'signature')}, ${counted(verdicts, 'verdict')} that rest on them`,
    ...some(artifacts, ({ name, digest, environments, allowed }) => {
      const went = allowed.length === 0 ? '' : `; let through: ${allowed.join(', ')}`;
      return `  ${name} ${digest}${environments.length === 0 ? '' : ` (${environments.join(', ')}${went})`}`;
    }),
    ...section('in the log', of('recorded'), signatureLine),
    ...section('in the evidence and NOT in the log: made where nothing was recorded', of('not-recorded'), signatureLine),
    ...section('INTENT without RESULT: a signature may exist that nobody has seen', of('no-result'), signatureLine),
    ...section('failed, as whoever was to sign said', of('failed'), signatureLine),
    ...section('verdicts that rest on them', passed, ({ evidence, resource, environment, time }) => {
      return `    ${time} PASSED ${resource} in ${environment}: ${evidence}`;
    }),
    ...limits.map((line) => `  ${line}`),
    ...section('COULD NOT BE READ, so there may be more', unread, (line) => `    ${line}`),
  ];
}

function counted({ length }: readonly unknown[], what: string): string {
  return `${length} ${what}${length === 1 ? '' : 's'}`;
}

function signatureLine({ kind, time, by, environment, evidence, record, artifacts, doubt }: AffectedSignature): string {
  const about = artifacts.length === 1 ? (artifacts[0]?.name ?? '') : `${artifacts.length} artifacts`;
  const where = environment === undefined ? '' : ` for ${environment}`;
  const proof = evidence ?? `record ${record}`;
  return `    ${time ?? 'at an unknown time'} ${kind} by ${by}: ${about}${where}: ${proof}${doubt === undefined ? '' : ` (does not verify: ${doubt})`}`;
}

function section<T>(title: string, list: readonly T[], line: (one: T) => string): string[] {
  return list.length === 0 ? [] : [`  ${title}: ${list.length}`, ...some(list, line)];
}

function some<T>(list: readonly T[], line: (one: T) => string): string[] {
  const more = list.length > SHOWN ? [`    … and ${list.length - SHOWN} more: --output json, --out FILE`] : [];
  return [...list.slice(0, SHOWN).map(line), ...more];
}

function certificateLines({ certificates: { wanted, before, unknown } }: IncidentPlan): string[] {
  if (wanted.length + before.length === 0 && unknown === undefined) return ['  none'];
  return [
    ...some(wanted, ({ serial, authority, issuer, requester, profile, notAfter }) => {
      const whose = [profile, requester].filter((one) => one !== undefined).join(', ');
      return `  ${serial} of ${authority ?? issuer}${whose === '' ? '' : ` (${whose})`}, until ${notAfter}`;
    }),
    ...(unknown === undefined ? [] : [`  ${unknown}, which the inventory does not know: it is taken in first`]),
    ...(before.length === 0 ? [] : [`  done before: ${before.length}`]),
  ];
}

function cutOffLines({ cutOff, scope, file }: IncidentPlan): string[] {
  if (cutOff.edits.length === 0) return [`  none: ${whyNone(scope)}`];
  return [
    ...cutOff.edits.flatMap((edit) => editLines(edit)),
    ...(cutOff.digest === undefined
      ? []
      : [
          `  the policy digest will be ${cutOff.digest}: anchors and policies that pin ${shellWord(file)} by its digest are to be changed`,
        ]),
  ];
}

function whyNone({ compromise }: IncidentPlan['scope']): string {
  switch (compromise.what) {
    case 'time':
      return 'a time says nothing of whose signatures they are: run it once more for each key and workload of the list that is in doubt';
    case 'certificate':
      return 'a certificate is cut off by being revoked';
    default:
      return 'neither the policy nor the trust root names it';
  }
}

function editLines(edit: PlannedEdit): string[] {
  const { file, path, at, before, after } = edit;
  const already = at.filter((one) => one.before).map(({ what }) => what);
  const done = already.length === 0 ? [] : [`  done before: ${already.join(', ')} in ${file}`];
  if (before === after) return done;
  const patch = patchOf(edit).trimEnd().split('\n');
  if (path === undefined)
    return [
      ...done,
      `  ${file} is kept elsewhere: nothing is written; carry this there, and have it signed where it is signed`,
      ...patch,
    ];
  return [...done, `  ${file}`, ...patch, ...staleLines(edit, path)];
}

/** Whose signature does not fit any more, and what makes it anew. */
function staleLines({ kind, file }: PlannedEdit, path: string): string[] {
  if (kind === 'policy') {
    if (!existsSync(signatureOf(path))) return [];
    return [`  its signature is stale then: signwright policy sign ${shellWord(file)} --signer SIGNER`];
  }
  if (!existsSync(signaturePathsOf(path)[0] ?? '')) return [];
  const sign = `signwright trust sign ${shellWord(file)} --name NAME --trust-version NEXT --expires DAY --signer SIGNER`;
  return [`  its owners' signatures are stale then, and nothing verifies by it before they sign the next version: ${sign}`];
}

function reissueLines({ reissue }: IncidentPlan): string[] {
  if (reissue.length === 0) return ['  none'];
  return reissue.flatMap(({ profile, requester, revoked, commands, note }) => [
    `  ${profile} for ${requester} (${revoked} revoked): ${note}`,
    ...commands.map((command) => `    $ ${command}`),
  ]);
}

/** What was written is known to nobody before it is where the certificates say, and by others' caches not at once. */
function crlLines(crls: readonly PublishedCrl[]): string[] {
  if (crls.length === 0) return [];
  return [
    ...crls.map((one) => `  ${crlLine(one)}`),
    '  publish it now; whoever verifies by the CRL before goes on with it for two thirds of its life, or of trust.revocation.max-age',
  ];
}

/** What was done. */
export function doneLines({ plan, revoked, recorded, reissued, failures }: IncidentReport): string[] {
  const { certificates, cutOff } = plan;
  const wrote = cutOff.edits.filter(({ path, before, after }) => path !== undefined && before !== after);
  const { before } = certificates;
  return [
    '',
    ...(revoked === undefined
      ? []
      : [`revoked: ${revoked.certificates.length - before.length}${before.length === 0 ? '' : `; before: ${before.length}`}`]),
    ...(revoked === undefined || revoked.elsewhere === 0
      ? []
      : [`  ${revoked.elsewhere} of other CAs: revoke them there too, for nobody else knows`]),
    ...crlLines(revoked?.crls ?? []),
    ...(recorded === undefined ? [] : wrote.map(({ file }) => `cut off: ${file}`)),
    ...(recorded === undefined
      ? ['the record of it is not kept yet: not everything is done that it would say']
      : [`recorded${recorded.before ? ` before, by ${recorded.person}` : ''}: evidence ${recorded.evidence}`]),
    ...(reissued ?? []).flatMap(({ profile, directory, failed }) =>
      failed === undefined ? [`issued anew: ${profile} in ${directory}`] : [],
    ),
    ...(failures.length === 0 ? ['all of it is done'] : []),
  ];
}
