import { CLAIM_NAMES } from '@signwright/signing-core';
import { problemAt, problemAtKey } from '../parse/source.ts';
import type { Problem } from '../problem.ts';
import { globProblem } from './artifacts.ts';
import { entriesOf, type Subject } from './subject.ts';

/** Each claim that says whose a job is, and what it must be like to say it. */
const BOUNDS = {
  repository: {
    says: (pattern: string) => /^https:\/\/[^/?#@\s]+\/[^/]/.test(literalStart(pattern)),
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

function unbounded(claim: keyof typeof BOUNDS, pattern: string): string {
  return `found ${JSON.stringify(pattern)}, which does not say whose it is: ${BOUNDS[claim].allowed}`;
}

/** Exact, or begun by a host and a path in a URL, by more than a word and a colon elsewhere. Only a pattern with `//` matches a URL. */
function saysWhoseSubject(pattern: string): boolean {
  if (!pattern.includes('*')) return true;
  const start = literalStart(pattern);
  if (pattern.includes('//')) return /^[a-z][a-z0-9+.-]*:\/\/[^/]+\/[^/]/i.test(start);
  return start.length >= 3 && !/^[\w-]+:$/.test(start);
}

function literalStart(pattern: string): string {
  return pattern.split('*', 1)[0] ?? '';
}
