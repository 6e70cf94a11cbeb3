import { writeFile } from 'node:fs/promises';
import type { AttestationRequirement } from '@signwright/signing-core';
import type { Workspace } from './workspace.ts';

const JUNIT =
  '<?xml version="1.0"?><testsuites tests="1"><testsuite name="drill" tests="1"><testcase name="passes"/></testsuite></testsuites>';
const CYCLONEDX = { bomFormat: 'CycloneDX', specVersion: '1.6', components: [{ type: 'library', name: 'drill' }] };
const SPDX = {
  spdxVersion: 'SPDX-2.3',
  SPDXID: 'SPDXRef-DOCUMENT',
  name: 'drill',
  dataLicense: 'CC0-1.0',
  documentNamespace: 'https://signwright.invalid/drill',
  creationInfo: { created: '2026-01-01T00:00:00Z', creators: ['Tool: signwright-drill'] },
  packages: [{ SPDXID: 'SPDXRef-Package', name: 'drill', downloadLocation: 'NOASSERTION' }],
};
const TRIVY = { SchemaVersion: 2, ArtifactName: 'drill', Results: [{ Target: 'drill', Class: 'lang-pkgs', Type: 'npm' }] };

/** Writes a report that meets what an attestation must, and gives the options of `attest` that name it. */
export async function writeReport({ path }: Workspace, { attests, conditions }: AttestationRequirement): Promise<string[]> {
  if (attests === 'provenance') return [];
  const file = path(attests === 'test-result' ? 'report.xml' : 'report.json');
  await writeFile(file, attests === 'test-result' ? JUNIT : JSON.stringify(jsonReport(attests, conditions.format)));
  return ['--report', file];
}

function jsonReport(attests: string, format: readonly string[] | undefined): object {
  if (attests === 'sbom') return format === undefined || format.includes('cyclonedx') ? CYCLONEDX : SPDX;
  return attests === 'vulnerabilities' ? TRIVY : { drill: true };
}
