import { describe, expect, test } from 'vitest';
import { sha256 } from '../formats/digest.ts';
import { parseStatement } from '../statement.ts';
import { type Incident, incidentId, MAX_NAMED, readIncident, writeIncident } from './incident.ts';

const INCIDENT: Incident = {
  what: 'workload',
  id: 'ci',
  since: '2026-11-01T08:00:00.000Z',
  until: '2026-11-02T00:00:00.000Z',
  person: 'bob',
  given: '2026-11-23T12:00:00.000Z',
  why: 'runner 7 was taken over',
  affected: { artifacts: 1, signatures: 2, list: sha256('list') },
  revoked: [{ serial: '0a', authority: 'acme', digest: sha256('certificate') }, { serial: '0b' }],
  edits: [
    { file: 'signwright.yaml', at: 'workloads.ci', before: sha256('before'), after: sha256('after') },
    { file: 'central.yaml', at: 'workloads.ci' },
  ],
  policy: { name: 'acme', digest: sha256('policy') },
};
const artifact = (name: string) => ({ name, digest: sha256(name) });
const read = (incident: Incident) => readIncident(parseStatement(writeIncident(incident, [artifact('a')])));

describe('the statement of an incident', () => {
  test('is read as it was written, whatever was compromised', () => {
    const { id: _id, until: _until, ...bare } = INCIDENT;
    for (const incident of [INCIDENT, { ...bare, what: 'time' } as const, { ...bare, what: 'key', id: 'a2V5' } as const])
      expect(read(incident)).toEqual(incident);
  });

  test('is about the incident first, and then about so many artifacts', () => {
    const many = Array.from({ length: MAX_NAMED + 1 }, (_, at) => artifact(`${at}`));
    const { subject } = parseStatement(writeIncident(INCIDENT, many));
    expect(subject).toHaveLength(MAX_NAMED + 1);
    expect(subject[0]).toEqual({ name: 'incident', sha256: incidentId(INCIDENT).slice('sha256:'.length) });
    expect(subject[1]?.name).toBe('0');
  });

  test('is of one incident as long as the same was compromised in the same time, whoever says it and why', () => {
    const id = incidentId(INCIDENT);
    expect(incidentId({ ...INCIDENT, why: 'other', person: 'ann' } as Incident)).toBe(id);
    const { until: _, ...on } = INCIDENT;
    for (const other of [
      on,
      { ...INCIDENT, id: 'cd' },
      { ...INCIDENT, what: 'key' } as const,
      { ...INCIDENT, since: INCIDENT.given },
    ])
      expect(incidentId(other)).not.toBe(id);
  });

  test.each([
    ['of something unknown', { what: 'house' }, /what is not one of key, certificate, workload, time/],
    ['of a time with a name', { what: 'time' }, /id goes with what has one/],
    ['without what it is of', { id: undefined }, /id goes with what has one/],
    ['with a reason of two lines', { why: 'a\nb' }, /why has a line break/],
    ['with a time that is none', { since: 'monday' }, /since/],
    ['with a count that is none', { affected: { ...INCIDENT.affected, artifacts: -1 } }, /artifacts is not a count/],
    ['with an edit whose digest is none', { edits: [{ file: 'f', at: 'a', before: 'x' }] }, /before is not a SHA-256 digest/],
    ['with an unknown field', { more: 1 }, /more/],
  ])('%s is refused', (_, change, says) => {
    const statement = parseStatement(writeIncident(INCIDENT, []));
    const predicate = JSON.parse(JSON.stringify({ ...(statement.predicate as object), ...change }));
    expect(() => readIncident({ ...statement, predicate })).toThrow(says);
  });

  test('that is found under another incident is refused', () => {
    const statement = parseStatement(writeIncident(INCIDENT, []));
    const predicate = { ...(statement.predicate as object), id: 'cd' };
    expect(() => readIncident({ ...statement, predicate })).toThrow(/subject does not begin with the incident/);
  });
});
