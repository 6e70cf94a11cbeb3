import { describe, expect, test } from 'vitest';
import { type Sha256, sha256 } from '../formats/digest.ts';
import type { AuditRequirement } from '../requirement.ts';
import type { Outcome } from '../verdict.ts';
import { decideAudit, type FoundRecords } from './audit.ts';

const AUDIT: AuditRequirement = {
  id: 'audit',
  layer: 'central',
  waivable: false,
  type: 'audit',
  log: { keys: ['log.example+00000000+AQ=='], witnesses: [], count: 0 },
};
const CONTEXT = { next: { text: 'sign' }, wait: { text: 'wait', command: 'signwright wait app' } };
const [ONE, OTHER] = [sha256('one'), sha256('other')];

const met = (...evidence: Sha256[]): Outcome => ({
  requirement: 'signature:build',
  layer: 'central',
  status: 'met',
  code: 'signature-verified',
  message: '',
  evidence,
  refused: [],
});
const proof = (index: number, witnesses: string[] = []) => ({
  proof: sha256(`${index}`),
  origin: 'log.example',
  index,
  size: 9,
  witnesses,
});
const records = (found: Partial<FoundRecords>): FoundRecords => ({
  proven: new Map(),
  waiting: new Map(),
  refused: new Map(),
  ...found,
});

describe('where a record is required', () => {
  test('every signature that counts must have one that the log proves', () => {
    const proven = new Map([
      [ONE, proof(3, ['w.example'])],
      [OTHER, proof(5)],
    ]);
    const outcome = decideAudit(AUDIT, [met(ONE), met(OTHER)], records({ proven }), CONTEXT);
    expect(outcome).toMatchObject({ status: 'met', code: 'record-proven', evidence: [sha256('3'), sha256('5')] });
    expect(outcome.message).toBe('recorded in log.example at 3, 5, as its checkpoint of 9 records proves, cosigned by w.example');
  });

  test('one signature without a record is enough to deny, whatever the others have', () => {
    const found = records({ proven: new Map([[ONE, proof(3)]]), waiting: new Map([[ONE, 'wait']]) });
    expect(decideAudit(AUDIT, [met(ONE), met(OTHER)], found, CONTEXT)).toMatchObject({
      status: 'unmet',
      code: 'no-record',
      message: `the signature ${OTHER} has no record here that log.example proves: it was made outside, or its run was stopped before it left the proof`,
    });
    expect(decideAudit(AUDIT, [met(ONE)], undefined, CONTEXT)).toMatchObject({ status: 'unmet', code: 'no-record' });
  });

  test('a record that is written and not proven yet is inconclusive, and says what to wait for', () => {
    const found = records({ proven: new Map([[ONE, proof(3)]]), waiting: new Map([[OTHER, 'it is in segment 4']]) });
    expect(decideAudit(AUDIT, [met(ONE), met(OTHER)], found, CONTEXT)).toMatchObject({
      status: 'inconclusive',
      code: 'record-pending',
      message: 'the record is written and not proven yet: it is in segment 4',
      next: CONTEXT.wait,
    });
  });

  test('evidence that cannot be read is inconclusive, though it holds no record of the signature', () => {
    const unreachable = { ...CONTEXT, unreachable: 'the store is down' };
    expect(decideAudit(AUDIT, [met(ONE)], records({}), unreachable)).toMatchObject({ status: 'inconclusive' });
    const unknown: Outcome = { ...met(), status: 'inconclusive', code: 'evidence-unreachable', message: 'down' };
    expect(decideAudit(AUDIT, [unknown], records({}), CONTEXT)).toMatchObject({ status: 'inconclusive', message: 'down' });
  });

  test('with no signature that counts there is nothing to prove, and nothing is let through', () => {
    const unsigned: Outcome = { ...met(), status: 'unmet', code: 'no-signature' };
    expect(decideAudit(AUDIT, [unsigned], records({}), CONTEXT)).toMatchObject({ status: 'unmet', code: 'no-record' });
    expect(decideAudit(AUDIT, [], records({}), CONTEXT)).toMatchObject({ status: 'unmet' });
  });

  test('a proof that does not hold is named beside the signature it is about, and no other', () => {
    const bad = { evidence: sha256('bad'), code: 'bad-proof', message: 'forged' } as const;
    const refused = new Map([[ONE, [bad]]]);
    expect(decideAudit(AUDIT, [met(ONE)], records({ refused }), CONTEXT).refused).toEqual([bad]);
    expect(decideAudit(AUDIT, [met(OTHER)], records({ refused }), CONTEXT).refused).toEqual([]);
  });
});
