import { APPROVAL, type Decision } from '../src/approvals/approval.ts';
import type { NamedArtifact } from '../src/approvals/named-artifacts.ts';
import { REVIEW } from '../src/approvals/review.ts';
import { WAIVER } from '../src/approvals/waiver.ts';
import type { DecisionContext } from '../src/decide/context.ts';
import { decide } from '../src/decide/decide.ts';
import { AUTHORS, type AuthorsPredicate, writeAuthors } from '../src/duties/author-list.ts';
import { PLATFORM_APPROVALS, writePlatformApprovals } from '../src/duties/platform-approvals.ts';
import { canonicalJson } from '../src/formats/canonical-json.ts';
import { hexOf, type Sha256, sha256 } from '../src/formats/digest.ts';
import type { Json } from '../src/formats/strict-json.ts';
import type { PlatformApproval } from '../src/ports/approval-source.ts';
import type {
  ApprovalRequirement,
  AttestationRequirement,
  AuditRequirement,
  DutiesRequirement,
  PersonRule,
  Requirement,
  RoleRule,
  SignatureRequirement,
  SignerRule,
} from '../src/requirement.ts';
import { parseStatement } from '../src/statement.ts';
import type { Outcome, Refusal, Verdict } from '../src/verdict.ts';
import type { Author } from '../src/verify-bundle.ts';
import type { Verified, VerifiedStatement } from '../src/verify-evidence.ts';

/** Evidence as it is once it is verified, without any cryptography: what decides is all that is held against these. */

export const NOON: number = Date.parse('2026-06-01T12:00:00Z');
export const HOUR = 3_600_000;
export const BYTES: Sha256 = sha256('the artifact');
export const DEMANDED: Sha256 = sha256('requirements');
export const COMMIT: string = 'c0'.repeat(20);
export const POLICY = { digest: sha256('policy') } as const;

export const CONTEXT: DecisionContext = {
  artifact: { name: 'app', kind: 'package', digest: BYTES },
  environment: { id: 'production', allowDevelopment: false, matters: true },
  moment: 'release',
  at: NOON,
  anchored: false,
  policy: POLICY,
  tiers: ['production'],
  requirements: DEMANDED,
  next: { text: 'verify again' },
  wait: { text: 'wait for the log' },
};

/** Somebody with a key of their own, and an account on GitLab by their number. */
export function person(id: string, more: Partial<PersonRule> = {}): PersonRule {
  return {
    id,
    keys: [keyOf(id)],
    accounts: [{ platform: 'gitlab', id: String(numberOf(id)) }],
    emails: [`${id}@acme.example`],
    ...more,
  };
}

export function keyOf(id: string): PersonRule['keys'][number] {
  return { fingerprint: `SHA256:${id}`, publicKey: '' };
}

/** The id of somebody's account. */
export function numberOf(id: string): number {
  return 1 + [...id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 0);
}

type Member = string | RoleRule['members'][number];

export function role(id: string, ...members: readonly Member[]): RoleRule {
  return { id, members: members.map((one) => (typeof one === 'string' ? { person: person(one) } : one)) };
}

const central = { layer: 'central' } as const;

export function signature(by = 'build', more: Partial<SignerRule> = {}): SignatureRequirement {
  return { ...central, id: `signature:${by}`, waivable: false, type: 'signature', signer: signer(by, more) };
}

export function signer(id: string, more: Partial<SignerRule> = {}): SignerRule {
  return { id, certificate: false, workloads: [], keys: [{ keyId: id, publicKey: '' }], ...more };
}

/** Whose word counts on what platforms and histories say. */
export const COLLECTORS: readonly SignerRule[] = [signer('gate')];

export function approval(of: RoleRule, more: Partial<ApprovalRequirement> = {}): ApprovalRequirement {
  const kind = more.kind ?? 'signed';
  const id = `approval:${of.id}${kind === 'platform' ? ':platform' : ''}`;
  return { ...central, id, waivable: true, type: 'approval', role: of, count: 1, kind, collectors: COLLECTORS, ...more };
}

export function duties(...apart: DutiesRequirement['apart']): DutiesRequirement {
  return { ...central, id: 'separation-of-duties', waivable: false, type: 'duties', apart, collectors: COLLECTORS };
}

export function attested(attests: string, more: Partial<AttestationRequirement> = {}): AttestationRequirement {
  const id = `attestation:${attests}:build`;
  return { ...central, id, waivable: true, type: 'attestation', attests, signer: signer('build'), conditions: {}, ...more };
}

export const AUDIT: AuditRequirement = {
  ...central,
  id: 'audit',
  waivable: false,
  type: 'audit',
  log: { keys: ['log.example+00000000+AQ=='], witnesses: [], count: 0 },
};

type Made = { readonly at?: number; readonly development?: boolean; readonly salt?: number };

function made(
  { at = NOON - HOUR, development = false }: Made,
  author: Author,
): Pick<Verified, 'time' | 'author' | 'development'> {
  return { time: { at, authority: 'CN=TSA', development }, author, development };
}

/** The certificate of a job that built a commit. */
export function job(commit = COMMIT, repository = 'https://git.example/acme/app'): Author {
  return { type: 'certificate', san: `${repository}//ci.yml`, issuer: 'https://ci.example', claims: { repository }, commit };
}

/** A release part of the artifact by a signer's key, or by a job's certificate. */
export function part(by = 'build', more: Made & { readonly author?: Author; readonly requester?: string } = {}): Verified {
  const { author = { type: 'key', keyId: by }, requester } = more;
  const artifacts = [{ name: 'app', kind: 'package', digest: BYTES, requirements: DEMANDED }] as const;
  const asserted = requester === undefined ? {} : { requester };
  return {
    evidence: sha256(`part ${by} ${canonicalJson({ ...more, author: author as unknown as Json })}`),
    statement: { subject: [], predicateType: '', predicate: null },
    part: { artifacts, environment: 'production', signer: by, policy: POLICY, source: { asserted } },
    byDigest: new Map([[BYTES, [0]]]),
    ...made(more, author),
  };
}

/** A signer that signs by the certificates of {@link job}. */
export const BY_JOB: Partial<SignerRule> = {
  certificate: true,
  keys: [],
  workloads: [{ id: 'ci', issuer: 'https://ci.example', repository: 'https://git.example/**' }],
};

type Spoken = Made & {
  readonly by?: string;
  /** Who it says it is. */
  readonly person?: string;
  readonly environment?: string;
  readonly digest?: Sha256;
  readonly name?: string;
  readonly kind?: NamedArtifact['kind'];
  readonly requirements?: Sha256;
  readonly expires?: number;
  readonly key?: string;
  readonly artifacts?: readonly NamedArtifact[];
};

/** A person's word, under their own key. */
export function word(decision: Decision, spoken: Spoken & { readonly by: string }): VerifiedStatement {
  const { by, environment = 'production', expires } = spoken;
  const said = {
    decision,
    person: spoken.person ?? by,
    given: new Date(NOON).toISOString(),
    environment,
    request: sha256('request'),
    artifacts: artifactsOf(spoken),
    ...(expires === undefined ? {} : { expires: new Date(expires).toISOString() }),
    policy: POLICY,
  };
  return statement(
    APPROVAL,
    spoken,
    { type: 'ssh', fingerprint: `SHA256:${spoken.key ?? by}` },
    {
      type: 'approval',
      approval: said,
    },
  );
}

function artifactsOf(spoken: Spoken): readonly NamedArtifact[] {
  const { digest = BYTES, name = 'app', kind = 'package', requirements = DEMANDED } = spoken;
  return spoken.artifacts ?? [{ name, kind, digest, requirements }];
}

type Waived = Spoken & {
  readonly by: string;
  /** Absent, the glass is broken. */
  readonly requirement?: string;
  readonly rule?: Sha256;
};

export function waiver(spoken: Waived): VerifiedStatement {
  const { by, environment = 'production', requirement, rule, expires = NOON + HOUR } = spoken;
  const said = {
    person: spoken.person ?? by,
    given: new Date(NOON).toISOString(),
    environment,
    ...(requirement === undefined ? { breakGlass: true as const } : { requirement }),
    reason: 'a customer waits',
    expires: new Date(expires).toISOString(),
    policy: POLICY,
    ...(rule === undefined ? { artifacts: artifactsOf(spoken) } : { rule, requirements: spoken.requirements ?? DEMANDED }),
  };
  return statement(WAIVER, spoken, { type: 'ssh', fingerprint: `SHA256:${spoken.key ?? by}` }, { type: 'waiver', waiver: said });
}

export function review(by: string, waivers: readonly Sha256[], more: Spoken = {}): VerifiedStatement {
  const said = { person: more.person ?? by, given: new Date(NOON).toISOString(), waivers, reason: 'looked into', policy: POLICY };
  return statement(REVIEW, more, { type: 'ssh', fingerprint: `SHA256:${by}` }, { type: 'review', review: said });
}

type Attested = Made & { readonly by?: string; readonly digest?: Sha256; readonly author?: Author };

/** Any attestation by a signer's key. */
export function attestation(predicateType: string, predicate: Json, more: Attested = {}): VerifiedStatement {
  return { ...statement(predicateType, more, { type: 'key', keyId: more.by ?? 'build' }, { type: 'attestation' }, predicate) };
}

/** Who wrote it, as a collector says. */
export function authors(said: Partial<AuthorsPredicate>, more: Attested = {}): VerifiedStatement {
  const whole: AuthorsPredicate = {
    repository: 'https://git.example/acme/app',
    commit: COMMIT,
    environment: 'production',
    authors: [],
    persons: [],
    emails: [],
    requester: { platform: 'gitlab', id: '999' },
    retriers: [],
    unknown: { total: 0, first: [] },
    answers: [],
    ...said,
  };
  const { requester, ...rest } = whole;
  const predicate = writeAuthors(requester === undefined ? rest : whole);
  return attestation(AUTHORS, predicate, { by: 'gate', ...more });
}

type Clicked = Attested & { readonly commit?: string; readonly environment?: string; readonly project?: string };

/** What people clicked on GitLab, as a collector says. */
export function clicks(
  said: readonly { readonly by: string; readonly decision?: PlatformApproval['decision']; readonly at?: number }[],
  { commit = COMMIT, environment = 'production', project = 'acme/app', ...more }: Clicked = {},
): VerifiedStatement {
  const bytes = writePlatformApprovals([{ name: 'app', sha256: hexOf(more.digest ?? BYTES) }], {
    platform: 'gitlab',
    commit,
    environment,
    project,
    answer: sha256('answer'),
    approvals: said.map(({ by, decision = 'approve', at = NOON - 2 * HOUR }) => ({
      account: { platform: 'gitlab', id: String(numberOf(by)) },
      decision,
      at: new Date(at).toISOString(),
      means: 'deployment',
    })),
  });
  return attestation(PLATFORM_APPROVALS, parseStatement(bytes).predicate, { by: 'gate', ...more });
}

function statement(
  predicateType: string,
  more: Made & { readonly digest?: Sha256; readonly author?: Author; readonly artifacts?: readonly NamedArtifact[] },
  author: Author,
  said: VerifiedStatement['said'],
  predicate: Json = null,
): VerifiedStatement {
  const digests = new Set(more.artifacts?.map(({ digest }) => digest) ?? [more.digest ?? BYTES]);
  const by = more.author ?? author;
  const content = {
    predicateType,
    predicate,
    said,
    by,
    digests: [...digests],
    at: more.at ?? null,
    dev: more.development ?? false,
  };
  return {
    evidence: sha256(canonicalJson({ ...content, salt: more.salt ?? 0 } as unknown as Json)),
    statement: { subject: [], predicateType, predicate },
    said,
    digests,
    ...made(more, by),
  };
}

/** Decides by evidence as it is found: parts and statements in one heap. */
export function decided(
  requirements: readonly Requirement[],
  evidence: readonly (Verified | VerifiedStatement)[],
  context: Partial<DecisionContext> = {},
  refused: readonly Refusal[] = [],
): Verdict {
  const parts = evidence.filter((one): one is Verified => 'part' in one);
  const statements = evidence.filter((one): one is VerifiedStatement => 'said' in one);
  return decide(requirements, parts, refused, { ...CONTEXT, statements, ...context });
}

/** The outcome of one requirement. */
export function outcomeOf(verdict: Verdict, requirement: string): Outcome {
  const found = verdict.outcomes.find((outcome) => outcome.requirement === requirement);
  if (found === undefined) throw new Error(`no outcome of ${requirement}`);
  return found;
}

/** What the log proves: records of all of these. */
export function recordsOf(evidence: readonly { readonly evidence: Sha256 }[]): NonNullable<DecisionContext['records']> {
  const proof = (one: Sha256) => ({
    proof: sha256(`proof of ${one}`),
    origin: 'log.example',
    index: Number.parseInt(hexOf(one).slice(0, 6), 16),
    size: 99,
    witnesses: [],
  });
  return {
    proven: new Map(evidence.map(({ evidence: one }) => [one, proof(one)])),
    waiting: new Map(),
    refused: new Map(),
  };
}
