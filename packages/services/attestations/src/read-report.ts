import {
  isAttestationWord,
  type JsonObject,
  judgeAttestation,
  predicateTypesOf,
  SBOMS,
  SCANNER_REPORTS,
  SignwrightError,
  sha256,
  TEST_RESULT,
  wordOf,
  writeTestResult,
} from '@signwright/signing-core';
import { type Predicate, parseReport, readJsonReport } from './read-json-report.ts';
import { isXml, readJUnit } from './read-junit.ts';

/** Bytes of a report, at the most: signed and in base64 it must still fit into a bundle. */
export const MAX_REPORT: number = 50 * 1024 * 1024;

export type ReportOptions = {
  /** What the report is called, in messages and in the predicate: `reports/junit.xml`. */
  readonly file: string;
  /**
   * What it must be: one of the policy's words (`sbom`), or a predicate type's https URI, and then it is the predicate itself. Told by
   * its content where absent.
   */
  readonly type?: string;
};

/** A predicate, ready to be put into a statement. */
export type ReadReport = {
  readonly predicateType: string;
  readonly predicate: JsonObject;
  /** One line for people: "Trivy: 3 vulnerabilities (1 high, 2 low)". */
  readonly summary: string;
};

/**
 * Makes the predicate of an attestation from a report: JUnit XML, SARIF, Trivy, Grype, CycloneDX or SPDX, told by its content. What
 * it says may be bad news, and is attested as such; only what cannot be judged later is refused.
 *
 * @throws SignwrightError `invalid-input` for what is none of these, malformed, truncated, empty or too large; `usage` for a type
 * that is neither a word nor an https URI.
 */
export function readReport(bytes: Uint8Array, { file, type }: ReportOptions): ReadReport {
  if (bytes.length > MAX_REPORT)
    refuse(file, `has ${bytes.length} bytes; at most ${MAX_REPORT} are read`, 'check that this is the right file');
  if (bytes.length === 0) refuse(file, 'is empty', 'check that the step before has written it');
  if (type !== undefined && !isAttestationWord(type) && !/^https:\/\/[^\s*]{1,1000}$/.test(type)) {
    throw new SignwrightError('usage', `the type ${JSON.stringify(type.slice(0, 100))} is neither a word nor an https URI`, {
      next: 'write provenance, sbom, test-result, vulnerabilities or the predicate type, such as https://slsa.dev/provenance/v1',
    });
  }
  const { title, predicateType, predicate, more } = at(file, () =>
    type !== undefined && !isAttestationWord(type) ? given(bytes, file, type) : told(bytes, file),
  );
  if (type !== undefined && !predicateTypesOf(type).includes(predicateType)) {
    refuse(file, `is ${title}, which is no attestation of type ${type}`, `allowed is ${ALLOWED[type] ?? ''}`);
  }
  const judgement = judgeAttestation(wordOf(predicateType) ?? predicateType, predicateType, predicate);
  if (!judgement.ok && judgement.code === 'predicate-malformed') refuse(file, judgement.message, 'write it as its type has it');
  return {
    predicateType,
    predicate,
    summary: `${title}: ${judgement.message}${more === undefined ? '' : `; not counted: ${more}`}`,
  };
}

/** What a word is made from. Nobody's report becomes provenance: the job that built writes it. */
const ALLOWED: { readonly [word: string]: string } = {
  provenance: 'no report: give the predicate itself, with its type https://slsa.dev/provenance/v1',
  sbom: SBOMS,
  'test-result': 'JUnit XML',
  vulnerabilities: SCANNER_REPORTS,
};

/** The file is the predicate. */
function given(bytes: Uint8Array, file: string, predicateType: string): Predicate {
  return { title: `a predicate of type ${predicateType}`, predicateType, predicate: parseReport(bytes, file) };
}

/** What the file is by its content. */
function told(bytes: Uint8Array, file: string): Predicate {
  const report = { name: file, digest: sha256(bytes) };
  if (isXml(bytes))
    return { title: 'JUnit', predicateType: TEST_RESULT, predicate: writeTestResult(readJUnit(bytes, file), report) };
  return readJsonReport(parseReport(bytes, file), report);
}

/** Says of which file an error is, where its message does not. */
function at<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.where !== undefined) throw error;
    const next = error.next === undefined ? {} : { next: error.next };
    throw new SignwrightError(error.code, error.message, { where: file, ...next, cause: error });
  }
}

function refuse(file: string, why: string, next: string): never {
  throw new SignwrightError('invalid-input', `the report ${why}`, { where: file, next });
}
