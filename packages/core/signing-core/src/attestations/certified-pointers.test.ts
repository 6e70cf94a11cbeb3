import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import { checkCertified } from './certified-pointers.ts';
import { CERTIFIED, writeProvenance } from './write-provenance.ts';

const CARRIED = { issuer: 'https://issuer.example', repository: 'https://git.example/acme/app', ref: 'refs/heads/main' };
const PROVENANCE = writeProvenance({
  builder: 'https://git.example',
  commit: 'c0'.repeat(20),
  certified: CARRIED,
  agent: 'host',
});
const listing = (...pointers: Json[]): JsonObject => ({ ...PROVENANCE, [CERTIFIED]: pointers });

describe('what our provenance calls certified', () => {
  test('holds where the certificate that signed says so', () => {
    expect(() => checkCertified(PROVENANCE, CARRIED)).not.toThrow();
    const byKey = writeProvenance({ builder: 'https://git.example', repository: CARRIED.repository });
    expect(() => checkCertified(byKey, undefined)).not.toThrow();
  });

  test.each<[string, JsonObject, { [name: string]: string } | undefined]>([
    ['another claim than the certificate has', PROVENANCE, { ...CARRIED, ref: 'refs/heads/other' }],
    ['a claim less', PROVENANCE, { ...CARRIED, runner: 'self-hosted' }],
    ['a claim more', PROVENANCE, { issuer: CARRIED.issuer, repository: CARRIED.repository }],
    ['claims, and a key signed it', PROVENANCE, undefined],
    ['what the job says of itself', listing('/runDetails/builder/id'), CARRIED],
    ['something that is no pointer', listing(7), CARRIED],
    ['a parameter the certificate does not say', listing('/buildDefinition/externalParameters/runner'), CARRIED],
  ])('is refused where it lists %s', (_, predicate, carried) => {
    expect(() => checkCertified(predicate, carried)).toThrow(expect.objectContaining({ refusal: 'claims-differ' }));
  });

  test('is refused where the parameter is another than the certified claim', () => {
    const definition = PROVENANCE['buildDefinition'] as JsonObject;
    const lying = {
      ...PROVENANCE,
      buildDefinition: { ...definition, externalParameters: { repository: 'https://git.example/x' } },
    };
    expect(() => checkCertified(lying, CARRIED)).toThrow(/externalParameters\/repository/);
  });

  test('is nothing to provenance of other build types', () => {
    expect(() => checkCertified({ buildDefinition: { buildType: 'https://other.example' } }, undefined)).not.toThrow();
    for (const predicate of [null, [], 'x', {}]) expect(() => checkCertified(predicate, CARRIED)).not.toThrow();
  });
});
