import { type Policy, type Required, resolveArtifact } from '@signwright/policy';
import { requirementsOf, SignwrightError, type Verdict } from '@signwright/signing-core';
import { keyThatCounts, type Seat, seatApprovers } from './approvers.ts';
import type { Ran } from './child.ts';
import { claimsOf, jobVariables } from './claims.ts';
import { signCollected } from './collected.ts';
import { writeReport } from './reports.ts';
import type { Shadow } from './shadow.ts';
import { sshKeyFile } from './stand-ins.ts';
import { digestOf, type Subject } from './subjects.ts';
import type { How, Workspace } from './workspace.ts';

/** A step of a release that did not go as it should. */
class Stuck extends SignwrightError {
  constructor(step: string, { exit, stderr, stdout }: Pick<Ran, 'exit' | 'stderr' | 'stdout'>) {
    const last = `${stderr}\n${stdout}`
      .trim()
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(0, 6)
      .join(' | ');
    super('verification', `${step} ended with exit code ${exit}: ${last.slice(0, 600)}`);
  }
}

/** What `verify` decided. */
export type Judged = Ran & { readonly result: string; readonly codes: readonly string[]; readonly verdict?: Verdict };

/** The commands of a release in a workspace, for one artifact; each is the real one. */
export type Motion = {
  readonly subject: Subject;
  readonly workspace: Workspace;
  /** What the shadow demands now. */
  required(): Promise<Required>;
  policy(): Promise<Policy>;
  /** Signs as every signer, or as one. */
  sign(how?: How & { readonly only?: string; readonly except?: string }): Promise<Ran[]>;
  attest(): Promise<void>;
  /** What platforms and histories would tell. */
  collect(without?: ReadonlySet<string>): Promise<void>;
  request(): Promise<string>;
  approve(request: string, seat: Seat, how?: How, ...args: string[]): Promise<Ran>;
  approveAll(request: string, options?: { readonly without?: ReadonlySet<string>; readonly how?: How }): Promise<void>;
  /** Has witnesses look at the log, and keeps the proofs. */
  settle(): Promise<void>;
  verify(how?: How): Promise<Judged>;
  /** All that comes after signing; then what `verify` says. */
  finish(): Promise<Judged>;
  /** The whole release. */
  release(): Promise<Judged>;
  /** Arguments that name the artifact. */
  about(): string[];
};

/** The motion of a release of other bytes under the same name. */
export function otherBytes(subject: Subject): Subject {
  return { ...subject, digest: digestOf(subject.name) };
}

export function motionIn(shadow: Shadow, workspace: Workspace, subject: Subject, signal: AbortSignal): Motion {
  const { clock, witnesses } = shadow;
  const where = subject.environment === undefined ? [] : ['--environment', subject.environment];
  const about = (): string[] => ['--digest', subject.digest, '--name', subject.name, ...where];
  const must = (step: string, ran: Ran, ...exits: number[]): Ran => {
    if (exits.includes(ran.exit)) return ran;
    throw new Stuck(step, ran);
  };
  const policy = (): Promise<Policy> => workspace.policy();
  const requiredBy = (loaded: Policy): Required => {
    const { name, environment } = subject;
    const resolution = resolveArtifact(loaded, { name, ...(environment === undefined ? {} : { environment }) });
    if (resolution.status !== 'required') throw new TypeError(`the shadow demands nothing of ${name}`);
    return resolution;
  };
  const required = async (): Promise<Required> => requiredBy(await policy());

  const motion: Motion = {
    subject,
    workspace,
    required,
    policy,
    about,
    async sign({ only, except, ...how } = {}) {
      const loaded = await policy();
      const ran: Ran[] = [];
      for (const { signer } of requirementsOf(requiredBy(loaded).requirements, 'signature')) {
        if ((only !== undefined && signer.id !== only) || signer.id === except) continue;
        const as = loaded.signers.get(signer.id);
        const one = await workspace.run(['sign', '--no-sidecars', '--signer', signer.id, ...about()], {
          ...(as ? { as } : {}),
          ...how,
        });
        ran.push(one);
        if (Object.keys(how).length === 0) must(`sign --signer ${signer.id}`, one, 0);
      }
      return ran;
    },
    async attest() {
      const loaded = await policy();
      for (const one of requirementsOf(requiredBy(loaded).requirements, 'attestation')) {
        const as = loaded.signers.get(one.signer.id);
        const claims = as && claimsOf(as.rule.workloads[0], one.conditions.source);
        const args = ['attest', one.attests, '--signer', one.signer.id, ...(await writeReport(workspace, one)), ...about()];
        // Only a job can tell where it builds from.
        const env = one.attests === 'provenance' && claims ? jobVariables(claims) : {};
        must(
          `attest ${one.attests}`,
          await workspace.run(args, { ...(as ? { as } : {}), ...(claims ? { claims } : {}), env }),
          0,
        );
      }
    },
    async collect(without = new Set<string>()) {
      const { requirements } = await required();
      const seats = seatApprovers(requirements, clock.now().getTime(), without);
      const people = seats.flatMap(({ person }) => person ?? []);
      const clicked = seats.flatMap(({ requirement, person }) => (person && isClick({ requirement, person }) ? [person] : []));
      const builder = requirementsOf(requirements, 'signature').find(({ signer }) => signer.certificate)?.signer.id ?? '';
      const needed = clicked.length > 0 || requirementsOf(requirements, 'duties').length > 0;
      if (needed) await signCollected(workspace, subject, { clicked, approvers: people, builder }, { clock, signal });
    },
    async request() {
      const ran = must('request', await workspace.run(['request', ...about()]), 0, 1, 3, 4);
      const id = ran.stdout.split('\n')[0] ?? '';
      if (!id.startsWith('sha256:')) throw new Stuck('request', ran);
      return id;
    },
    async approve(request, { person }, how = {}, ...args) {
      const index = person === undefined ? -1 : keyThatCounts(person, clock.now().getTime());
      if (person === undefined || index < 0) throw new SignwrightError('policy', 'nobody can give this approval');
      return workspace.run(['approve', request, '--key', sshKeyFile(person.id, index), '--yes', ...args], how);
    },
    async approveAll(request, { without = new Set<string>(), how = {} } = {}) {
      const { requirements } = await required();
      for (const seat of seatApprovers(requirements, clock.now().getTime(), without)) {
        if (seat.person === undefined)
          throw new SignwrightError(
            'policy',
            `nobody is left for ${seat.requirement.count} of the role ${seat.requirement.role.id}`,
          );
        if (!isClick(seat)) must(`approve by ${seat.person.id}`, await motion.approve(request, seat, how), 0);
      }
    },
    async settle() {
      const { audit } = await policy();
      if (audit === undefined || (await required()).demands.audit === undefined) return;
      for (const { name, key } of witnesses)
        must(
          `audit witness ${name}`,
          await workspace.run([
            'audit',
            'witness',
            '--name',
            name,
            '--key',
            key,
            '--state',
            `state/${name.replace(/[^A-Za-z0-9.-]/g, '_')}`,
          ]),
          0,
        );
      if (witnesses.length > 0) await workspace.run(['wait', '--timeout', '5s', '--every', '1s', ...about()]);
    },
    async verify(how = {}) {
      const ran = await workspace.run(['verify', '--output', 'json', '--quiet', ...about()], how);
      return judgedOf(ran);
    },
    async finish() {
      await motion.attest();
      const asks = requirementsOf((await required()).requirements, 'approval').length > 0;
      await motion.collect();
      if (asks) await motion.approveAll(await motion.request());
      await motion.settle();
      return motion.verify();
    },
    async release() {
      await motion.sign();
      return motion.finish();
    },
  };
  return motion;
}

/** Whether it is given by a click; whoever has no account signs it. */
function isClick({ requirement, person }: Seat): boolean {
  return requirement.kind === 'platform' && (person?.accounts.length ?? 0) > 0;
}

function judgedOf(ran: Ran): Judged {
  try {
    const { result, verdicts } = JSON.parse(ran.stdout) as { result: string; verdicts: Verdict[] };
    const [verdict] = verdicts;
    const bad = (verdict?.outcomes ?? []).filter(({ status }) => status !== 'met' && status !== 'waived');
    const codes = bad.flatMap(({ code, refused }) => [code, ...refused.map((one) => one.code)]);
    return { ...ran, result, codes: [...new Set(codes)], ...(verdict === undefined ? {} : { verdict }) };
  } catch {
    const line = ran.stderr.trim().split('\n')[0] ?? '';
    return { ...ran, result: 'error', codes: [line.slice(0, 300)] };
  }
}
