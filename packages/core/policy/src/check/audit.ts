import { parseVerifierKey, SignwrightError } from '@signwright/signing-core';
import type { PolicyFile } from '../generated/policy-file.ts';
import { verifierKeyIn } from '../load/audit.ts';
import { problemAt, problemAtKey } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { entriesOf, type Subject } from './subject.ts';

/** A tier that asks for records names a log, and the keys it is checked by. */
export function* auditNamesItsLog({ content, source, bases }: Subject): Generator<Problem> {
  const audit = content.audit ?? bases.find((base) => base.content.audit !== undefined)?.content.audit;
  for (const [id, tier] of entriesOf(content.tiers)) {
    if (tier.audit === undefined) continue;
    if (audit === undefined) {
      yield problemAt(source, ['tiers', id, 'audit'], 'there is no log: say where it lies under "audit" at the top');
    } else if (audit['verifier-keys'] === undefined) {
      const message =
        'nobody could check a record: put the log\'s key under "verifier-keys" of "audit" at the top ("signwright audit key" prints it)';
      yield problemAt(source, ['tiers', id, 'audit'], message);
    }
  }
}

/** The keys are of one log, the witnesses are who they are said to be, and enough of them. */
export function* auditKeysFit({ content, source }: Subject): Generator<Problem> {
  const { audit } = content;
  if (audit === undefined) return;
  const keys = (audit['verifier-keys'] ?? []).map(verifierKeyIn);
  for (const [index, key] of keys.entries()) {
    yield* keyProblems(source, ['audit', 'verifier-keys', index], key, 'log');
    if (keys.indexOf(key) < index) yield problemAt(source, ['audit', 'verifier-keys', index], 'the same key is listed twice');
  }
  for (const [index, { key }] of (audit.witnesses ?? []).entries())
    yield* keyProblems(source, ['audit', 'witnesses', index, 'key'], key, 'witness');
  const [first, ...others] = keys;
  for (const [index, key] of others.entries()) {
    if (first === undefined || nameIn(key) === nameIn(first)) continue;
    const message = `the key of another log, ${nameIn(key)}: all keys carry the log's one name, ${nameIn(first)}`;
    yield problemAt(source, ['audit', 'verifier-keys', index + 1], message);
  }
  for (const [index, witness] of (audit.witnesses ?? []).entries()) {
    const path = ['audit', 'witnesses', index];
    if (nameIn(witness.key) !== witness.name)
      yield problemAt(source, [...path, 'key'], `the key of "${nameIn(witness.key)}", not of "${witness.name}"`);
    if (audit.witnesses?.findIndex(({ name }) => name === witness.name) !== index)
      yield problemAt(source, [...path, 'name'], `"${witness.name}" is there already: a witness counts once`);
  }
  const have = audit.witnesses?.length ?? 0;
  if ((audit['witness-count'] ?? 0) > have) {
    yield problemAt(source, ['audit', 'witness-count'], `more than the ${have} witnesses there are: it could never be met`);
  }
  if (audit['max-age'] !== undefined && have === 0) {
    const message =
      'nobody attests how old a checkpoint is: name who cosigns it under "witnesses" ("signwright audit init --witness" makes a key for one), or leave it out';
    yield problemAtKey(source, ['audit', 'max-age'], message);
  }
  yield* lockAndRetain(audit, source);
}

function* keyProblems(source: Subject['source'], path: Path, key: string, use: 'log' | 'witness'): Generator<Problem> {
  try {
    parseVerifierKey(key, '', use);
  } catch (error) {
    if (!(error instanceof SignwrightError)) throw error;
    yield problemAt(source, path, `${error.message}${error.next === undefined ? '' : ` (${error.next})`}`);
  }
}

function* lockAndRetain(audit: NonNullable<PolicyFile['audit']>, source: Subject['source']): Generator<Problem> {
  if ((audit.lock === undefined) === (audit.retain === undefined)) return;
  const [present, absent] = audit.lock === undefined ? (['retain', 'lock'] as const) : (['lock', 'retain'] as const);
  yield problemAtKey(source, ['audit', present], `"${present}" needs "${absent}" beside it`);
}

function nameIn(verifierKey: string): string {
  return verifierKey.split('+')[0] ?? '';
}
