import { problemAt, problemAtKey, warningAt } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { instantOf } from '../values/instant.ts';
import { entriesOf, type Subject } from './subject.ts';

const LONGEST_OBSERVATION = 90 * 86_400_000;

/** `mode: observe` says until when, and that is 90 days from now at the most. Once it is over, the tier is enforced. */
export function* observationEnds({ content, source, now }: Subject): Generator<Problem> {
  for (const [id, { mode, until }] of entriesOf(content.tiers)) {
    if (mode === 'observe' && until === undefined) {
      yield problemAt(source, ['tiers', id, 'mode'], '"observe" needs "until": a date 90 days from now at the most');
    }
    if (mode !== 'observe' && until !== undefined) {
      yield problemAtKey(source, ['tiers', id, 'until'], '"until" goes with "mode: observe" only');
    }
    if (mode === 'observe' && until !== undefined && instantOf(until) > now.getTime() + LONGEST_OBSERVATION) {
      const latest = new Date(now.getTime() + LONGEST_OBSERVATION).toISOString().slice(0, 10);
      yield problemAt(source, ['tiers', id, 'until'], `found ${until}; "observe" lasts 90 days at the most, until ${latest}`);
    }
    if (mode === 'observe' && until !== undefined && instantOf(until) <= now.getTime()) {
      yield warningAt(source, ['tiers', id, 'until'], `observing ended ${until}: take "mode" and "until" out`);
    }
  }
}

/** A window opens before it closes. */
export function* windowsOpen({ content, source }: Subject): Generator<Problem> {
  for (const [id, tier] of entriesOf(content.tiers)) {
    for (const [index, { from, to }] of (tier.windows ?? []).entries()) {
      if (from < to) continue;
      const message = `the window never opens: it closes at ${to}, and opens at ${from}; write one that spans midnight as two`;
      yield problemAt(source, ['tiers', id, 'windows', index], message);
    }
  }
}

/** Time zones are those of the IANA database. */
export function* timezonesExist({ content, source }: Subject): Generator<Problem> {
  for (const [id, tier] of entriesOf(content.tiers)) {
    for (const [index, { timezone }] of (tier.windows ?? []).entries()) {
      if (isTimezone(timezone)) continue;
      const message = `found "${timezone}"; allowed is a name of the IANA time zone database, such as Europe/Stockholm or UTC`;
      yield problemAt(source, ['tiers', id, 'windows', index, 'timezone'], message);
    }
  }
}

/** Whatever has a beginning and an end ends later than it begins. */
export function* contradictingTimes({ content, source }: Subject): Generator<Problem> {
  for (const { path, from, until } of spansOf(content)) {
    if (from === undefined || until === undefined || instantOf(from) < instantOf(until)) continue;
    yield problemAt(source, [...path, 'until'], `ends ${until}, before it begins (${from})`);
  }
}

type Span = { readonly path: Path; readonly from?: string | undefined; readonly until?: string | undefined };

function* spansOf(content: Subject['content']): Generator<Span> {
  for (const [index, one] of [content.extends?.['signed-by'] ?? []].flat().entries()) {
    if (typeof one !== 'string') yield { path: ['extends', 'signed-by', index], from: one.from, until: one.until };
  }
  for (const [id, tier] of entriesOf(content.tiers)) {
    for (const [index, { from, until }] of (tier.freezes ?? []).entries())
      yield { path: ['tiers', id, 'freezes', index], from, until };
  }
  for (const [id, members] of entriesOf(content.roles)) {
    for (const [index, member] of members.entries()) {
      if (typeof member !== 'string') yield { path: ['roles', id, index], from: member.from, until: member.until };
    }
  }
  for (const [id, signer] of entriesOf(content.signers)) {
    for (const [index, { from, until }] of (signer.keys ?? []).entries())
      yield { path: ['signers', id, 'keys', index], from, until };
  }
  for (const [index, key] of (content.audit?.['verifier-keys'] ?? []).entries()) {
    if (typeof key !== 'string') yield { path: ['audit', 'verifier-keys', index], from: key.from, until: key.until };
  }
  for (const [id, workload] of entriesOf(content.workloads)) {
    for (const [index, { from, until }] of (workload.compromised ?? []).entries())
      yield { path: ['workloads', id, 'compromised', index], from, until };
  }
  for (const [id, person] of entriesOf(content.people)) {
    for (const [index, key] of (person.ssh ?? []).entries()) {
      if (typeof key !== 'string') yield { path: ['people', id, 'ssh', index], from: key.from, until: key.until };
    }
  }
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
