import { resolve } from 'node:path';
import { readBounded, writeAtomic } from '@signwright/files';
import { safeJson } from '@signwright/report';
import { parseCertificate, SignwrightError } from '@signwright/signing-core';
import type { TokenPlatform } from '@signwright/workload-identity';
import { profileNamed } from '../../certificates/definitions.ts';
import { heldDirectoryOf } from '../../certificates/held-directories.ts';
import type { Issued } from '../../certificates/issue-certificate.ts';
import { type GivenToken, issueAndHold, issueToJob, proveJob } from '../../certificates/issue-to-job.ts';
import { issueToPerson } from '../../certificates/issue-to-person.ts';
import { type DeskOptions, openDesk } from '../../certificates/open-desk.ts';
import { pemOf, readRequestFile } from '../../certificates/pem-files.ts';
import type { Run } from '../../context/run.ts';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';

export type CertIssueOptions = DeskOptions & {
  readonly output: 'text' | 'json';
  readonly profile?: string;
  readonly evidence?: string;
  /** Signed requests: of a person, and of whoever approved it. */
  readonly request?: string[];
  readonly key?: string;
  readonly csr?: string;
  readonly idTokenFile?: string;
  readonly platform?: TokenPlatform;
  readonly directory?: string;
  readonly out?: string;
};

const MAX_TOKEN = 65_536;

/**
 * `signwright cert issue`: for the job that runs it, whose certificate is then held here; as the CA's desk for another job, by its
 * request and ID token, or for a person, by the request they signed and its proof.
 */
export async function certIssue(options: CertIssueOptions, run: Run): Promise<number> {
  checkOptions(options);
  const desk = await openDesk(options, run);
  const { request, out, csr } = options;
  if (request !== undefined) {
    const { issued, person } = await issueToPerson(request, options, desk);
    const file = out ?? `${person}.pem`;
    await writeAtomic(file, issued.chain.map(pemOf).join(''));
    return print(issued, file, options, [
      `give it to ${person}: signwright cert hold --certificate ${file} --key THEIR-KEY --profile ${issued.profile}`,
    ]);
  }
  const profile = profileNamed(desk.open, options.profile as string);
  const proof = await proveJob(profile, await givenToken(options), desk);
  if (csr !== undefined) {
    const issued = await issueToJob({ profile, proof, csr: await readRequestFile(csr) }, desk);
    const file = out ?? `${profile.id}.pem`;
    await writeAtomic(file, issued.chain.map(pemOf).join(''));
    return print(issued, file, options);
  }
  const directory = options.directory === undefined ? heldDirectoryOf(desk.open, profile.id) : resolve(options.directory);
  const key = options.key === undefined ? {} : { key: options.key };
  return print(await issueAndHold({ profile, proof, directory, ...key }, desk), directory, options);
}

function checkOptions({ request, profile, csr, idTokenFile, key, out }: CertIssueOptions): void {
  const refuse = (why: string, next: string): never => {
    throw new SignwrightError('usage', why, { next });
  };
  if (request === undefined && profile === undefined)
    refuse('nothing says what is to be issued', 'name a profile (--profile), or the request of a person (--request FILE)');
  if (request !== undefined && (csr !== undefined || key !== undefined))
    refuse('the request that a person signed has its key already', 'leave out --csr and --key');
  if (csr !== undefined && key !== undefined)
    refuse('--csr is for a key that is elsewhere, --key for one here', 'give one of the two');
  if (csr !== undefined && idTokenFile === undefined)
    refuse('a request of another job needs its ID token', 'give the file it is in: --id-token-file FILE');
  if (out !== undefined && csr === undefined && request === undefined)
    refuse('a certificate for a key here is put where signers look for it', 'name another directory with --directory');
}

async function givenToken({ idTokenFile, platform = 'generic' }: CertIssueOptions): Promise<GivenToken | undefined> {
  if (idTokenFile === undefined) return undefined;
  return { token: (await readBounded(idTokenFile, MAX_TOKEN, 'the ID token')).toString('utf8').trim(), platform };
}

function print({ chain, serial, digest }: Issued, place: string, { output }: CertIssueOptions, more: string[] = []): number {
  const { notAfter } = parseCertificate(chain[0] as Uint8Array);
  const until = new Date(notAfter).toISOString();
  if (output === 'json') process.stdout.write(safeJson({ version: 1, serial, digest, notAfter: until, place }));
  else printLines([`issued ${serial}, valid until ${until}: ${place}`, `  ${digest}`, ...more.map((line) => `  ${line}`)]);
  return EXIT.allow;
}
