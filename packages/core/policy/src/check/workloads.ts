import { CLAIM_NAMES, canonicalJson } from '@signwright/signing-core';
import type { SignatureDemand } from '../demands.ts';
import { problemAt, problemAtKey, warningAt } from '../parse/source.ts';
import type { Problem } from '../problem.ts';
import { resolveTier } from '../resolve-tier.ts';
import { globProblem } from './artifacts.ts';
import { entriesOf, type Subject } from './subject.ts';

/** Each claim that says whose a job is, and what it must be like to say it. */
const BOUNDS = {
  repository: {
    says: saysRepository,
    allowed:
      'allowed is an https URL with the host and the first letters of the path before any "*", such as https://gitlab.acme.example/acme/**',
  },
  'repository-id': {
    says: (pattern: string) => !pattern.includes('*'),
    allowed: 'allowed is the id of one repository, such as "4712"',
  },
  subject: {
    says: saysWhoseSubject,
    allowed:
      'begin it with what is yours alone, before any "*", such as project_path:acme/app:* or https://jenkins.acme.example/job/release/**',
  },
} as const;

/** An issuer alone would trust everybody who has an account there, and so would a pattern that begins with a star. */
export function* workloadsAreBounded({ content, source }: Subject): Generator<Problem> {
  for (const [id, workload] of entriesOf(content.workloads)) {
    const claims = (Object.keys(BOUNDS) as (keyof typeof BOUNDS)[]).filter((claim) => workload[claim] !== undefined);
    if (claims.length === 0) {
      const message =
        'the workload is everybody at its issuer: give at least one of "repository", "repository-id", "subject" that says whose';
      yield problemAtKey(source, ['workloads', id], message);
    }
    for (const claim of claims) {
      const pattern = workload[claim] ?? '';
      if (!BOUNDS[claim].says(pattern)) yield problemAt(source, ['workloads', id, claim], unbounded(claim, pattern));
    }
    for (const claim of CLAIM_NAMES) {
      if (workload[claim] !== undefined) yield* globProblem(source, ['workloads', id, claim], workload[claim]);
    }
  }
  for (const [id, { subject }] of entriesOf(content.identities)) {
    const path = ['identities', id, 'subject'];
    yield* globProblem(source, path, subject);
    if (!BOUNDS.subject.says(subject)) yield problemAt(source, path, unbounded('subject', subject));
  }
}

/** What no token and no certificate ever says, however it is meant. */
export function* workloadsCanBeMet({ content, source }: Subject): Generator<Problem> {
  for (const [id, { issuer, repository, ref }] of entriesOf(content.workloads)) {
    const warn = (key: string, message: string): Problem => warningAt(source, ['workloads', id, key], message);
    if (ref !== undefined && !/^(refs\/|\*)/.test(ref))
      yield warn('ref', `no ref is like this: write it whole, refs/heads/${ref} or refs/tags/${ref}`);
    if (repository !== undefined && /(\.git|\/)$/.test(repository))
      yield warn('repository', 'repositories are named as on the web, without ".git" or "/" at the end');
    if (issuer.endsWith('/'))
      yield warn('issuer', 'most issuers are named without "/" at the end: it must be as in the tokens, character for character');
  }
}

/**
 * A second signature that the same job can make as well proves no more than the first. Workloads that overlap without saying the
 * same are not looked for.
 */
export function* signaturesAreApart({ content, source, scope }: Subject): Generator<Problem> {
  const says = new Map(
    [...scope.workloads].map(
      ([
        id,
        {
          value: { compromised: _, ...value },
        },
      ]) => [id, canonicalJson(value)],
    ),
  );
  for (const [id, tier] of entriesOf(content.tiers)) {
    const parent = tier.extends === undefined ? [] : resolveTier(scope, tier.extends, '').signatures.map(({ by }) => by);
    const first = new Map<string | undefined, { signature: SignatureDemand; workload: string }>();
    const told = new Set<string>();
    for (const signature of resolveTier(scope, id, '').signatures) {
      for (const workload of scope.signers.get(signature.by)?.value.workloads ?? []) {
        const other = first.get(says.get(workload));
        if (other === undefined) first.set(says.get(workload), { signature, workload });
        if (other === undefined || !meet(other.signature, signature)) continue;
        const pair = `by "${other.signature.by}" and by "${signature.by}"`;
        if (told.has(pair) || (parent.includes(signature.by) && parent.includes(other.signature.by))) continue;
        told.add(pair);
        const same =
          other.workload === workload
            ? `both name the workload "${workload}"`
            : `the workloads "${other.workload}" and "${workload}" are the same`;
        yield warningAt(source, ['tiers', id, 'signatures'], `one job can make both signatures, ${pair}: ${same}`);
      }
    }
  }
}

/** Whether two signers are asked to sign some kind both. */
function meet(one: SignatureDemand, other: SignatureDemand): boolean {
  if (one.by === other.by) return false;
  return one.for === undefined || other.for === undefined || one.for.some((kind) => other.for?.includes(kind));
}

function unbounded(claim: keyof typeof BOUNDS, pattern: string): string {
  return `found ${JSON.stringify(pattern)}, which does not say whose it is: ${BOUNDS[claim].allowed}`;
}

/** An https URL with a host and the beginning of a path. */
export function saysRepository(pattern: string): boolean {
  return /^https:\/\/[^/?#@\s]+\/[^/]/.test(literalStart(pattern));
}

/** Exact, or begun by a host and a path in a URL, by more than a word and a colon elsewhere. Only a pattern with `//` matches a URL. */
export function saysWhoseSubject(pattern: string): boolean {
  if (!pattern.includes('*')) return true;
  const start = literalStart(pattern);
  if (pattern.includes('//')) return /^[a-z][a-z0-9+.-]*:\/\/[^/]+\/[^/]/i.test(start);
  return start.length >= 3 && !/^[\w-]+:$/.test(start);
}

function literalStart(pattern: string): string {
  return pattern.split('*', 1)[0] ?? '';
}
