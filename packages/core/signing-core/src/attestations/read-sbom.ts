import { quoted } from '../formats/quoted.ts';
import { type FieldReader, fieldReader } from '../formats/read-json.ts';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import type { SbomFormat } from './judgement.ts';
import { CYCLONEDX, SPDX2, SPDX3 } from './predicate-types.ts';
import { listOrNone, words } from './scanners/scanner-report.ts';

/** What a bill of materials is, by its own content. */
export type Sbom = {
  readonly format: SbomFormat;
  /** "CycloneDX" or "SPDX". */
  readonly title: string;
  /** `1.6`, `2.3`, `3.0.1`. */
  readonly version: string;
  /** The predicate type it is attested under. */
  readonly predicateType: string;
  /** How many components, packages, files or elements it lists. */
  readonly entries: number;
};

/** The bills of materials that are read, for messages. */
export const SBOMS = 'CycloneDX 1.4 to 1.7 JSON, SPDX 2.2 or 2.3 JSON or SPDX 3 JSON-LD';

const SPDX3_CONTEXT = /^https:\/\/spdx\.org\/rdf\/(3\.\d{1,3}(?:\.\d{1,3})?)\/spdx-context\.jsonld$/;
const SPDX_ID = /^SPDXRef-\S+$/;

/**
 * Reads as much of a bill of materials as tells that it is one, and of something.
 *
 * @returns nothing for what is none of {@link SBOMS}.
 * @throws SignwrightError `invalid-input` for one that is malformed, or lists nothing.
 */
export function readSbom(document: JsonObject): Sbom | undefined {
  if ('bomFormat' in document) return readCycloneDx(document);
  if ('spdxVersion' in document) return readSpdx2(document);
  return '@context' in document && spdx3Context(document) !== undefined ? readSpdx3(document) : undefined;
}

/** https://cyclonedx.org/specification/overview, JSON. */
function readCycloneDx(document: JsonObject): Sbom {
  const read = fieldReader('the CycloneDX document');
  if (document['bomFormat'] !== 'CycloneDX') read.fail('bomFormat', 'must be CycloneDX');
  const version = read.text(document['specVersion'], 'specVersion');
  if (!/^1\.[4-7]$/.test(version)) read.fail('specVersion', `is ${quoted(version)}; 1.4 to 1.7 are read`);
  const components = listOrNone(read, document['components'], 'components');
  for (const [at, value] of components.entries()) checkComponent(read, value, `components[${at}]`);
  const main = document['metadata'] === undefined ? undefined : read.record(document['metadata'], 'metadata')['component'];
  if (main !== undefined) checkComponent(read, main, 'metadata.component');
  if (components.length === 0 && main === undefined)
    read.fail('components', 'are none, and no metadata.component says of what it is');
  return { format: 'cyclonedx', title: 'CycloneDX', version, predicateType: CYCLONEDX, entries: components.length };
}

function checkComponent(read: FieldReader, value: Json, path: string): void {
  const component = read.record(value, path);
  words(read, component['type'], `${path}.type`);
  words(read, component['name'], `${path}.name`);
}

/** https://spdx.github.io/spdx-spec/v2.3, JSON. */
function readSpdx2(document: JsonObject): Sbom {
  const read = fieldReader('the SPDX document');
  const version = /^SPDX-(2\.[23])$/.exec(read.text(document['spdxVersion'], 'spdxVersion'))?.[1];
  if (version === undefined) return read.fail('spdxVersion', 'must be SPDX-2.2 or SPDX-2.3');
  if (document['SPDXID'] !== 'SPDXRef-DOCUMENT') read.fail('SPDXID', 'must be SPDXRef-DOCUMENT');
  for (const key of ['name', 'dataLicense', 'documentNamespace']) words(read, document[key], key);
  const creation = read.record(document['creationInfo'], 'creationInfo');
  words(read, creation['created'], 'creationInfo.created');
  if (read.list(creation['creators'], 'creationInfo.creators').length === 0) read.fail('creationInfo.creators', 'is empty');
  let entries = 0;
  for (const [kind, nameKey] of [
    ['packages', 'name'],
    ['files', 'fileName'],
  ] as const) {
    for (const [at, value] of listOrNone(read, document[kind], kind).entries()) {
      const path = `${kind}[${at}]`;
      const entry = read.record(value, path);
      if (!SPDX_ID.test(read.text(entry['SPDXID'], `${path}.SPDXID`))) read.fail(`${path}.SPDXID`, 'is no SPDXRef-… id');
      words(read, entry[nameKey], `${path}.${nameKey}`);
      entries++;
    }
  }
  if (entries === 0) read.fail('packages', 'are none, and there are no files: it is of nothing');
  return { format: 'spdx', title: 'SPDX', version, predicateType: SPDX2, entries };
}

function spdx3Context(document: JsonObject): string | undefined {
  const context = document['@context'];
  const all: readonly Json[] = Array.isArray(context) ? (context as readonly Json[]) : [context ?? null];
  return all.flatMap((one) => (typeof one === 'string' ? (SPDX3_CONTEXT.exec(one)?.[1] ?? []) : []))[0];
}

/** https://spdx.github.io/spdx-spec/v3.0.1/serializations, JSON-LD. */
function readSpdx3(document: JsonObject): Sbom {
  const read = fieldReader('the SPDX 3 document');
  const version = spdx3Context(document) ?? read.fail('@context', 'is not that of SPDX 3');
  const types = read.list(document['@graph'], '@graph').map((value, at) => {
    const element = read.record(value, `@graph[${at}]`);
    return words(read, element['type'] ?? element['@type'], `@graph[${at}].type`);
  });
  if (types.filter((type) => type === 'SpdxDocument').length !== 1) read.fail('@graph', 'must have one SpdxDocument');
  const entries = types.filter((type) => /^software_(?:Package|File|Snippet)$/.test(type)).length;
  if (entries === 0) read.fail('@graph', 'has no software_Package and no software_File: it is of nothing');
  return { format: 'spdx', title: 'SPDX', version, predicateType: SPDX3, entries };
}
