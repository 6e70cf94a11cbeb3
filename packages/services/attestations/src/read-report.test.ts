import { readdirSync, readFileSync } from 'node:fs';
import { type AttestationConditions, type Json, judgeAttestation, sha256 } from '@signwright/signing-core';
import { describe, expect, test } from 'vitest';
import { MAX_REPORT, type ReadReport, readReport } from './index.ts';

const VECTORS = new URL('../vectors/', import.meta.url);

type Vector = {
  file: string;
  expect: {
    predicateType: string;
    summary: string;
    type: string;
    judged: { conditions: AttestationConditions; ok: boolean; code?: string }[];
  };
};
const EXPECTED = JSON.parse(readFileSync(new URL('expect.json', VECTORS), 'utf8')) as Vector[];

const bytesOf = (file: string): Buffer => readFileSync(new URL(file, VECTORS));
const read = (text: string, type?: string): ReadReport =>
  readReport(Buffer.from(text), { file: 'report', ...(type === undefined ? {} : { type }) });
const json = (value: unknown, type?: string): ReadReport => read(JSON.stringify(value), type);

/** A vector with values at some paths put in, or taken out where undefined. */
function changed(file: string, ...edits: readonly (readonly [path: string, value: unknown])[]): () => ReadReport {
  const report = JSON.parse(bytesOf(file).toString()) as Record<string, unknown>;
  for (const [path, value] of edits) {
    const steps = path.split('.');
    const last = steps.pop() as string;
    const holder = steps.reduce((inner, step) => inner[step] as Record<string, unknown>, report);
    holder[last] = value;
  }
  return () => json(report);
}

describe('a report', () => {
  test('of every kind is among the vectors', () => {
    const files = readdirSync(VECTORS).filter((file) => file !== 'expect.json');
    expect(files.sort()).toEqual(EXPECTED.map(({ file }) => file).sort());
    expect(files.length).toBeGreaterThan(9);
  });

  test.each(EXPECTED.map((vector) => [vector.file, vector] as const))(
    'is told by its content, and judged: %s',
    (file, vector) => {
      const report = readReport(bytesOf(file), { file });
      expect(report.predicateType).toBe(vector.expect.predicateType);
      expect(report.summary).toBe(vector.expect.summary);
      for (const { conditions, ok, code } of vector.expect.judged) {
        const answer = judgeAttestation(vector.expect.type, report.predicateType, report.predicate, conditions);
        expect(answer, answer.message).toMatchObject(ok ? { ok } : { ok, code });
      }
      expect(readReport(bytesOf(file), { file, type: vector.expect.type })).toEqual(report);
    },
  );

  test('is named in its predicate by its digest', () => {
    const digest = { sha256: sha256(bytesOf('vitest.junit.xml')).slice('sha256:'.length) };
    const tests = readReport(bytesOf('vitest.junit.xml'), { file: 'junit.xml' });
    expect(tests.predicate['configuration']).toEqual([{ name: 'junit.xml', digest }]);
    const scan = readReport(bytesOf('grype.by-hand.json'), { file: 'grype.json' });
    expect(scan.predicate['https://signwright.dev/report']).toMatchObject({ name: 'grype.json' });
  });

  test('of a scanner tells who scanned, when, and with which database', () => {
    expect(readReport(bytesOf('grype.by-hand.json'), { file: 'f' }).predicate).toMatchObject({
      scanner: {
        uri: 'pkg:github/anchore/grype@v0.104.0',
        version: '0.104.0',
        db: { version: 'v6.1.2', lastUpdate: '2026-11-20T01:30:00.000Z' },
      },
      metadata: { scanStartedOn: '2026-11-20T08:00:00.500Z', scanFinishedOn: '2026-11-20T08:00:00.500Z' },
    });
    expect(readReport(bytesOf('trivy.by-hand.json'), { file: 'f' }).predicate['metadata']).toEqual({
      scanStartedOn: '2026-11-20T08:15:02.123Z',
      scanFinishedOn: '2026-11-20T08:15:02.123Z',
    });
    expect(readReport(bytesOf('scored.by-hand.sarif.json'), { file: 'f' }).predicate).toMatchObject({
      scanner: { uri: 'pkg:generic/Scanner%20X@4.2.0' },
      metadata: { scanStartedOn: '2026-11-20T10:00:00.000Z', scanFinishedOn: '2026-11-20T10:01:30.000Z' },
    });
  });

  test('of what an SBOM lists is the predicate, whole', () => {
    const { predicate } = readReport(bytesOf('npm.cdx.json'), { file: 'f' });
    expect(predicate).toEqual(JSON.parse(bytesOf('npm.cdx.json').toString()) as Json);
  });
});

describe('a predicate given with its type', () => {
  test('is read as it stands', () => {
    const predicate = {
      buildDefinition: { buildType: 'https://x.example/b', externalParameters: {} },
      runDetails: { builder: { id: 'https://ci.example' } },
    };
    const type = 'https://slsa.dev/provenance/v1';
    expect(json(predicate, type)).toMatchObject({
      predicateType: type,
      predicate,
      summary: expect.stringContaining('https://ci.example') as string,
    });
    expect(json({ any: 1 }, 'https://x.example/v1')).toMatchObject({
      predicateType: 'https://x.example/v1',
      predicate: { any: 1 },
    });
  });

  test.each([
    ['https://slsa.dev/provenance/v1', { buildDefinition: {} }, /buildDefinition.buildType is missing/],
    ['https://cyclonedx.org/bom', { spdxVersion: 'SPDX-2.3' }, /SPDXID must be/],
    ['https://x.example/v1', [1], /is JSON, and no object/],
  ])('is refused where it is none of that type: %s', (type, value, why) => {
    expect(() => json(value, type)).toThrow(why);
  });

  test.each(['bom', 'http://x.example/v1', 'https://x.example/*', 'https://a b'])('needs a type that is one: %s', (type) => {
    expect(() => json({}, type)).toThrow(expect.objectContaining({ code: 'usage' }) as Error);
  });
});

describe('a report is refused that is', () => {
  test.each([
    ['empty', '', /the report is empty/],
    ['of white space', ' \n', /is not JSON/],
    ['text', 'ok 1 - adds', /is not JSON/],
    ['cut off', bytesOf('npm.cdx.json').toString().slice(0, -20), /is not JSON/],
    ['a list', '[]', /is JSON, and no object/],
    ['of another schema', '{"summary":{"total":1}}', /JSON with the keys "summary", which is nothing known/],
    ['an object of nothing', '{}', /JSON with no keys, which is nothing known/],
    ['with one key twice', '{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}', /has the key "bomFormat" twice/],
    ['JSON-LD of another kind', '{"@context":"https://openvex.dev/ns/v0.2.0","statements":[]}', /which is nothing known/],
  ])('%s', (_, text, why) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: 'invalid-input', where: 'report', message: expect.stringMatching(why) as string }) as Error,
    );
  });

  test('larger than is read', () => {
    expect(() => readReport(Buffer.alloc(MAX_REPORT + 1, ' '), { file: 'f' })).toThrow(/at most 52428800 are read/);
  });

  test.each([
    ['test-result', 'npm.cdx.json', /is SBOM, which is no attestation of type test-result/],
    ['sbom', 'trivy.by-hand.json', /is Trivy, which is no attestation of type sbom/],
    ['vulnerabilities', 'vitest.junit.xml', /is JUnit, which is no attestation of type vulnerabilities/],
    ['provenance', 'npm.spdx.json', /is SBOM, which is no attestation of type provenance/],
  ])('no %s, and should be', (type, file, why) => {
    expect(() => readReport(bytesOf(file), { file, type })).toThrow(why);
  });

  test.each<[string, () => ReadReport, RegExp]>([
    ['of a Trivy schema nobody knows', changed('trivy.by-hand.json', ['SchemaVersion', 3]), /SchemaVersion must be 2/],
    [
      'of a scan that looked at no package',
      changed('trivy.by-hand.json', ['Results', [{ Class: 'secret' }]]),
      /are of no package/,
    ],
    ['of a scan without results', changed('trivy.by-hand.json', ['Results', undefined]), /are of no package/],
    [
      'of findings without an id',
      changed('trivy.by-hand.json', ['Results.0.Vulnerabilities.0.VulnerabilityID', '']),
      /VulnerabilityID is empty/,
    ],
    ['of no time', changed('trivy.by-hand.json', ['CreatedAt', 'yesterday']), /CreatedAt is not a time/],
    [
      'of another program than Grype',
      changed('grype.by-hand.json', ['descriptor.name', 'other']),
      /descriptor.name is not grype/,
    ],
    [
      'of a database that is not valid',
      changed('grype.by-hand.json', ['descriptor.db.status.valid', false]),
      /database is not valid/,
    ],
    [
      'of ignored matches without a rule',
      changed('grype.by-hand.json', ['ignoredMatches.0.appliedIgnoreRules', []]),
      /appliedIgnoreRules is empty/,
    ],
    ['of an older SARIF', changed('oxlint.sarif.json', ['version', '2.0.0']), /version must be 2\.1\.0/],
    ['of no run', changed('oxlint.sarif.json', ['runs', []]), /nothing was scanned/],
    ['of a run that tells no results', changed('oxlint.sarif.json', ['runs.0.results', null]), /results is missing/],
    [
      'of a run that failed',
      changed('oxlint.sarif.json', ['runs.0.invocations', [{ executionSuccessful: false }]]),
      /says that the scan failed/,
    ],
    [
      'of a rule that is not there',
      changed('oxlint.sarif.json', ['runs.0.results.0.ruleIndex', 99]),
      /a rule 99 that is not there/,
    ],
    [
      'of several tools',
      changed('oxlint.sarif.json', ['runs.1', { tool: { driver: { name: 'other' } }, results: [] }]),
      /of several tools \(oxlint, other\)/,
    ],
    ['of a CycloneDX nobody knows', changed('npm.cdx.json', ['specVersion', '1.3']), /1\.4 to 1\.7 are read/],
    [
      'of components without a name',
      changed('npm.cdx.json', ['components.0.name', undefined]),
      /components\[0\]\.name is missing/,
    ],
    [
      'of nothing (CycloneDX)',
      changed('npm.cdx.json', ['components', []], ['metadata.component', undefined]),
      /no metadata\.component/,
    ],
    ['of an older SPDX', changed('npm.spdx.json', ['spdxVersion', 'SPDX-2.1']), /must be SPDX-2\.2 or SPDX-2\.3/],
    ['of nothing (SPDX)', changed('npm.spdx.json', ['packages', []]), /it is of nothing/],
    ['of nobody (SPDX)', changed('npm.spdx.json', ['creationInfo.creators', []]), /creators is empty/],
    [
      'of two documents (SPDX 3)',
      changed('spdx3.by-hand.json', ['@graph.6', { type: 'SpdxDocument' }]),
      /must have one SpdxDocument/,
    ],
    ['of nothing (SPDX 3)', changed('spdx3.by-hand.json', ['@graph', [{ type: 'SpdxDocument' }]]), /it is of nothing/],
  ])('%s', (_, read, why) => {
    expect(read).toThrow(why);
  });
});
