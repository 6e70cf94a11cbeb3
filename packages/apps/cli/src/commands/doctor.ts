import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type NotifyDefinition, type Policy, unenforcedAnywhere } from '@signwright/policy';
import { type CiJob, messageOf, SignwrightError, sha256, verifyTimestamp } from '@signwright/signing-core';
import { ciJob } from '../context/ci-job.ts';
import { type EvidencePlace, evidencePlace, openEvidence } from '../context/open-evidence.ts';
import { auditDefinition, checkLasting, logKeyHere, logKeysOf, openLogStore } from '../context/open-log.ts';
import { type OpenPolicy, openPolicy, type PolicyOptions } from '../context/open-policy.ts';
import { openTimestamps } from '../context/open-timestamps.ts';
import { checkRootInUse } from '../context/root-in-use.ts';
import { choicesOf } from '../context/signers/choices.ts';
import type { PassphraseOptions } from '../context/signers/passphrase.ts';
import { EXIT, messageWithPlace } from '../exit.ts';
import { printLines } from '../print-lines.ts';
import { revocationChecks } from './doctor-revocation.ts';
import { type Check, type Found, signerChecks } from './doctor-signers.ts';

export type DoctorOptions = PassphraseOptions & PolicyOptions & { readonly evidence?: string };

const DAY_MS = 24 * 60 * 60 * 1000;

/** `signwright doctor`: tries each thing signing and verifying rest on, and says what is wrong with it and what to do. */
export async function doctor(options: DoctorOptions): Promise<number> {
  let failed = 0;
  const check = async ({ what, run }: Check): Promise<void> => {
    try {
      const found = await run();
      printLines([typeof found === 'string' ? `ok    ${what}: ${found}` : `skip  ${what}: ${found.skipped}`]);
    } catch (error) {
      failed++;
      const ours = error instanceof SignwrightError;
      printLines([
        ...`FAIL  ${what}: ${ours ? messageWithPlace(error) : messageOf(error)}`
          .split('\n')
          .map((line, at) => (at === 0 ? line : `      ${line}`)),
        ...(ours && error.next !== undefined
          ? `      → ${error.next}`.split('\n').map((line, at) => (at === 0 ? line : `        ${line}`))
          : []),
      ]);
    }
  };
  await check({
    what: 'node',
    run: async () => `${process.versions.node} (20.20 or newer)${searches() ? '' : '; "audit search" needs 22.13 or newer'}`,
  });
  let open: OpenPolicy | undefined;
  await check({
    what: 'policy',
    run: async () => {
      open = await openPolicy(options, new Date());
      return `${options.policy}, digest ${open.policy.digest}`;
    },
  });
  const job = await ciJob();
  await check({ what: 'pipeline', run: async () => described(job) });
  if (open) for (const one of checksOf(open, { ...options, job })) await check(one);
  printLines([failed === 0 ? 'all is well' : `${failed} of these ${failed === 1 ? 'needs' : 'need'} care`]);
  return failed === 0 ? EXIT.allow : EXIT.usage;
}

/** Whether this Node has the SQLite that "audit search" keeps its index in. */
function searches(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 13);
}

function checksOf(open: OpenPolicy, options: DoctorOptions & { readonly job: CiJob | undefined }): Check[] {
  const choices = choicesOf(open, options);
  return [
    { what: 'enforcement', run: async () => enforcement(open.policy) },
    { what: 'trust root', run: async () => trustRoot(open) },
    { what: 'timestamps', run: () => timestamps(open) },
    ...revocationChecks(open),
    { what: 'evidence store', run: () => evidence(evidencePlace(open, options.evidence), open) },
    ...(open.policy.audit === undefined ? [] : [{ what: 'audit log', run: () => auditLog(open) }]),
    ...[...open.policy.signers.values()].flatMap((definition) =>
      signerChecks(open, definition, choices(definition), options.job),
    ),
    ...open.policy.notify.map((one) => ({ what: `webhook ${one.where}`, run: async () => webhook(one, options.job) })),
  ];
}

function described(job: CiJob | undefined): string {
  if (job === undefined) return 'this is no job of a CI: what is for pipelines signs in them alone';
  const what = [job.repository, job.ref].filter((one) => one !== undefined).join(' at ');
  const may = job.planOnly === undefined ? '' : `; ${job.planOnly}: it may plan and never sign`;
  return `${job.title}${what === '' ? '' : `, ${what}`}${may}`;
}

function enforcement(policy: Policy): string {
  const keys = unenforcedAnywhere(policy);
  if (keys.length === 0) return 'every key of the policy is enforced by this version';
  throw new SignwrightError(
    'not-enforced-yet',
    `this version does not enforce ${keys.map(({ key }) => key).join(', ')}; "sign" and "verify" will refuse what needs it`,
    { next: `leave it out (${keys.map(({ where }) => where).join(', ')}), or use a version that enforces it` },
  );
}

function trustRoot({ trustRoot: root, rootInUse }: OpenPolicy): string {
  checkRootInUse(rootInUse, { at: Date.now(), note: (line) => printLines([`      ${line}`]), signing: true });
  if (!root)
    throw new SignwrightError('policy', 'the policy names none', { next: 'add trust: { root: trust/trusted-root.json }' });
  const ends = [...root.certificateAuthorities, ...root.timestampAuthorities].map(({ chain, validUntil }) =>
    Math.min(validUntil ?? Infinity, ...chain.map(({ notAfter }) => notAfter)),
  );
  if (ends.length === 0)
    throw new SignwrightError('configuration', 'there is no authority in it', { next: 'add one with "signwright trust add"' });
  const days = Math.floor((Math.min(...ends) - Date.now()) / DAY_MS);
  if (days < 0)
    throw new SignwrightError('configuration', 'an authority in it has expired', {
      next: 'look with "signwright trust show", and add its successor',
    });
  const authorities = [
    counted(root.certificateAuthorities.length, 'certificate authority', 'certificate authorities'),
    counted(root.timestampAuthorities.length, 'timestamp authority', 'timestamp authorities'),
  ];
  return `${authorities.join(', ')}; the first expires in ${counted(days, 'day', 'days')}`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

async function timestamps(open: OpenPolicy): Promise<string> {
  if (!open.trustRoot) throw new SignwrightError('policy', 'without a trust root no timestamp counts');
  const started = Date.now();
  const authority = await openTimestamps(open, open.trustRoot, (line) => printLines([`      ${line}`]));
  const message = randomBytes(32);
  const time = verifyTimestamp(await authority.timestamp(message), message, open.trustRoot.timestampAuthorities);
  const off = Math.abs(Date.now() - time.at);
  if (off > 5 * 60 * 1000)
    throw new SignwrightError('configuration', `this machine's clock is ${Math.round(off / 1000)} s away from the authority's`, {
      next: 'set the clock (NTP)',
    });
  return `${time.authority} answered in ${Date.now() - started} ms`;
}

/** Whether a job could sign what it posts; nothing is posted. */
function webhook({ secretEnv, where, on }: NotifyDefinition, job: CiJob | undefined): Found {
  const told = `told of ${on.join(', ')}`;
  if (process.env[secretEnv]) return `${secretEnv} is set; ${told}`;
  if (job === undefined) return { skipped: `${secretEnv}, which holds its secret in jobs, is not set here` };
  throw new SignwrightError('configuration', `${secretEnv}, which holds its secret, is not set: nobody would be ${told}`, {
    where,
    next: `set ${secretEnv} where the job's secrets are set`,
  });
}

/** Reads the log's newest checkpoint, and says who orders its records. */
async function auditLog(open: OpenPolicy): Promise<string> {
  const audit = auditDefinition(open);
  checkLasting(open, audit);
  const { place, blobs } = await openLogStore(open, audit);
  const { openLogReader } = await import('@signwright/audit-log');
  const keys = logKeysOf(audit);
  const reader = await openLogReader({ blobs, keys, now: new Date() });
  const key = await logKeyHere(open, audit);
  const orders = key
    ? 'its key is here: records are ordered at once'
    : 'its key is not here: "signwright audit sequence" orders what is appended';
  return `${place.reference} has ${counted(reader.size, 'record', 'records')} of ${keys[0].name}; ${orders}`;
}

/** Puts random bytes, which no store can have already, into a store of their own within the user's, and takes it away again. */
async function evidence(place: EvidencePlace, open: OpenPolicy): Promise<string> {
  if (place.kind === 'directory') return evidenceDirectory(place.reference);
  const store = await openEvidence(place, open);
  await store.list([sha256(randomBytes(32))]);
  return `${place.reference} can be read${open.policy.evidence?.lock === undefined ? '' : `, and has the object lock ${open.policy.evidence.lock}`}`;
}

async function evidenceDirectory(directory: string): Promise<string> {
  const isNew = !existsSync(directory);
  const scratch = join(directory, `.doctor-${randomBytes(8).toString('hex')}`);
  try {
    const store = await openEvidence({ kind: 'directory', reference: scratch });
    const probe = randomBytes(32);
    const id = await store.put(probe, [sha256(probe)]);
    await store.get(id);
    return `${directory} takes and keeps evidence`;
  } finally {
    await rm(scratch, { recursive: true, force: true }).catch(() => undefined);
    if (isNew) await rmdir(directory).catch(() => undefined);
  }
}
