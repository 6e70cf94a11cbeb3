import { basename } from 'node:path';
import { readBounded } from '@signwright/files';
import {
  type Claims,
  type Dependency,
  type JsonObject,
  PROVENANCE,
  predicateTypesOf,
  SignwrightError,
  VERIFICATION_SUMMARY,
  writeProvenance,
} from '@signwright/signing-core';
import { runContext } from '../context/run-context.ts';
import type { SigningRun } from '../signing/work.ts';

export type ContentOptions = {
  readonly report?: string;
  readonly dependency?: readonly string[];
  readonly lockfile?: string;
};

/** What is attested. Provenance copies what the certificate of its signer says, so it is written once that is known. */
export type AttestationContent = {
  readonly predicateType: string;
  predicate(certified: Claims | undefined): JsonObject;
  /** One line for people, beside the judgement. */
  readonly summary?: string;
};

/**
 * Reads, or makes, what is to be attested: provenance from the job this is, anything else from a report.
 *
 * @throws SignwrightError `usage` for a type that is made elsewhere, or options that do not go with it; `invalid-input` for a report
 * that is none.
 */
export async function readContent(
  type: string,
  options: ContentOptions,
  run: SigningRun,
  asserted: Claims,
  note: (line: string) => void,
): Promise<AttestationContent> {
  refuseOurs(type);
  if (type === 'provenance') return provenance(options, run, asserted, note);
  if (options.dependency !== undefined || options.lockfile !== undefined)
    throw new SignwrightError('usage', '--dependency and --lockfile are for provenance', { next: 'leave them out' });
  if (options.report === undefined) {
    throw new SignwrightError('usage', `a report is needed to attest ${type}`, {
      next: `name the file the step before has written: signwright attest ${type} --report FILE`,
    });
  }
  const { MAX_REPORT, readReport } = await import('@signwright/attestations');
  const bytes = await readBounded(options.report, MAX_REPORT, 'the report');
  const { predicateType, predicate, summary } = readReport(bytes, { file: options.report, type });
  return { predicateType, predicate: () => predicate, summary };
}

/** Statements with a meaning of their own have commands of their own, which see to it that they are true. */
function refuseOurs(type: string): void {
  const command = type.startsWith('https://signwright.dev/')
    ? 'sign, approve, waive and collect'
    : type === VERIFICATION_SUMMARY
      ? 'verify --attest'
      : undefined;
  if (command === undefined) return;
  throw new SignwrightError('usage', `${type} is no attestation of a report: ${command} makes such statements`, {
    next: 'use that command',
  });
}

async function provenance(
  { report, dependency = [], lockfile }: ContentOptions,
  { job }: SigningRun,
  asserted: Claims,
  note: (line: string) => void,
): Promise<AttestationContent> {
  if (report !== undefined) {
    throw new SignwrightError('usage', 'provenance is told by the job that built, and by no report', {
      next: `to attest what another program wrote, give its type: signwright attest ${predicateTypesOf('provenance')[0]} --report FILE`,
    });
  }
  const { readDependency } = await import('@signwright/attestations');
  const dependencies = [...dependency.map(readDependency), ...(lockfile === undefined ? [] : await lockedIn(lockfile, note))];
  const { host } = runContext(job);
  return {
    predicateType: PROVENANCE,
    predicate: (certified) =>
      writeProvenance({
        builder: builderOf(job?.url ?? job?.repository ?? certified?.['issuer']),
        ...(job?.repository === undefined ? {} : { repository: job.repository }),
        ...(job?.ref === undefined ? {} : { ref: job.ref }),
        ...(asserted['commit'] === undefined ? {} : { commit: asserted['commit'] }),
        ...(certified === undefined ? {} : { certified }),
        ...(job?.requester === undefined ? {} : { requester: job.requester }),
        ...(job?.url === undefined ? {} : { invocation: job.url }),
        agent: host,
        dependencies,
      }),
  };
}

async function lockedIn(path: string, note: (line: string) => void): Promise<readonly Dependency[]> {
  const { MAX_LOCKFILE, readLockfile } = await import('@signwright/attestations');
  const { dependencies, without } = readLockfile(await readBounded(path, MAX_LOCKFILE, 'the lockfile'), basename(path));
  if (without > 0) note(`${path}: ${without} of its entries have no digest, and are covered by that of the lockfile alone`);
  return dependencies;
}

/** The platform that ran the build: its address, or where no CI ran it the issuer that certified it. */
function builderOf(address: string | undefined): string {
  if (address !== undefined) return new URL(address).origin;
  throw new SignwrightError('usage', 'nothing says who built this: it is no job of a CI, and a key certifies none', {
    next: 'make provenance in the job that built',
  });
}
