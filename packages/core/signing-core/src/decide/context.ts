import type { Artifact, Kind } from '../artifact.ts';
import type { Sha256 } from '../formats/digest.ts';
import { isoTime } from '../formats/iso-time.ts';
import { quoted } from '../formats/quoted.ts';
import type { Instant, RoleRule } from '../requirement.ts';
import type { Moment, NextStep, RefusalCode, Verdict } from '../verdict.ts';
import type { VerifiedStatement } from '../verify-evidence.ts';
import type { VendorRefusal, VerifiedVendor } from '../verify-vendor.ts';
import type { FoundRecords } from './audit.ts';

/** What the log says was rejected or withdrawn, up to a checkpoint that is new enough. */
export type NegativeFacts = {
  /** The evidence of each rejection and withdrawal the log names, by the artifact it is about. */
  readonly named: ReadonlyMap<Sha256, readonly Sha256[]>;
  /** Why the log could not be read, where it could not. */
  readonly unavailable?: string;
};

/** How many people of a role must waive together, and for how many seconds at the most that may count. */
export type WaiverRule = { readonly role: RoleRule; readonly count: number; readonly maxAge: number };

/** Who may waive what. */
export type WaiverTerms = {
  readonly waivers?: WaiverRule;
  /** Who may break the glass: all of these together; nobody where it is absent. */
  readonly breakGlass?: readonly WaiverRule[];
  /** Waivers given before do not count. */
  readonly notBefore?: Instant;
};

/** What is asked of the log. */
export type Recording = {
  /** Whether a record is required of all that counts. */
  readonly required: boolean;
  /** Whether the log proves one of this piece of evidence; where none is required, it need not. */
  proves(evidence: Sha256): boolean;
};

/** What a decision rests on beside requirements and evidence. */
export type DecisionContext = {
  readonly artifact: Artifact;
  /** `matters` where what is demanded depends on it: then a part signed for another environment does not count. */
  readonly environment: { readonly id: string; readonly allowDevelopment: boolean; readonly matters: boolean };
  readonly moment: Moment;
  /** The instant the verdict speaks of, milliseconds: now, or what `--at` names. */
  readonly at: number;
  /** Evidence timestamped later does not count; `at` and five minutes more unless told, for clocks differ. */
  readonly latest?: number;
  readonly anchored: boolean;
  /** `false` where the tier only observes. */
  readonly enforced?: boolean;
  readonly policy: Verdict['policy'];
  readonly tiers: readonly string[];
  readonly requirements: Sha256;
  /** The digests of the rules that matched, as waivers name them. */
  readonly rules?: readonly Sha256[];
  /** The name and kind in the signed part that the requirements were resolved for; evidence under another does not count. */
  readonly signedAs?: { readonly name: string; readonly kind: Kind };
  /** Set where the evidence could not be read: nothing is known, so nothing is allowed. */
  readonly unreachable?: string;
  /** People's words and attestations about the artifact. */
  readonly statements?: readonly VerifiedStatement[];
  /** What was found of vendors whom the policy names. */
  readonly vendors?: readonly (VerifiedVendor | VendorRefusal)[];
  /** Whether evidence of which nobody knows whether it is revoked counts for nothing: to see what stands without it. */
  readonly doubting?: true;
  /** What the log says was rejected; asked for only where there are approvals and a record is required. */
  readonly negative?: NegativeFacts;
  readonly waivers?: WaiverTerms;
  /** Waivers that broke the glass and that nobody has reviewed. */
  readonly unreviewed?: readonly Sha256[];
  /** What the audit log proves of the evidence; asked for only where a record is required. */
  readonly records?: FoundRecords;
  /** The command that signs, and what to do then. */
  readonly next: NextStep;
  /** The command that waits for what is not proven yet. */
  readonly wait: NextStep;
  /** The command that asks for approvals, or shows who has been asked. */
  readonly ask?: NextStep;
};

/** How far a timestamp may lie ahead of our own clock, in milliseconds. */
const CLOCK_SKEW = 5 * 60 * 1000;

/** When an outcome ends, as it says it; nothing where what it rests on does not end. */
export function expiring(end: number): { readonly expires?: string } {
  return Number.isFinite(end) ? { expires: isoTime(end) } : {};
}

/** The part of a context that says when and where. */
export type Footing = Pick<DecisionContext, 'at' | 'latest' | 'doubting'> & {
  readonly environment: Pick<DecisionContext['environment'], 'id' | 'allowDevelopment'>;
};

type Why = { readonly code: RefusalCode; readonly message: string };

/** Any evidence, as far as it says when, by whom and on what footing it was made. */
type Made = Pick<VerifiedStatement, 'time' | 'author' | 'development' | 'revocation'>;

/** Why evidence made at that time, on that footing, counts for no requirement here. */
export function whyNotNow(one: Made, context: Footing): Why | undefined {
  return whyNotYet(one, context) ?? whyRevoked(one, context) ?? whyElsewhere(one, context) ?? whyOnTrial(one, context);
}

function whyRevoked({ revocation }: Made, { doubting }: Footing): Why | undefined {
  if (revocation?.status === 'revoked') return { code: 'certificate-revoked', message: revocation.message };
  return revocation !== undefined && doubting ? { code: 'revocation-unknown', message: revocation.message } : undefined;
}

/** A certificate may say for which environments it is. */
function whyElsewhere({ author }: Made, { environment }: Footing): Why | undefined {
  if (author.type !== 'certificate' || author.environments === undefined) return undefined;
  if (author.environments.includes(environment.id)) return undefined;
  const where = author.environments.map(quoted).join(', ') || 'no environment at all';
  return { code: 'other-environment', message: `its certificate is for ${where}, not for ${environment.id}` };
}

function whyOnTrial({ development }: Made, { environment }: Footing): Why | undefined {
  if (!development || environment.allowDevelopment) return undefined;
  const message = `it rests on a trial root, which the environment ${environment.id} does not allow`;
  return { code: 'development-not-allowed', message };
}

/** Why evidence was made after the instant the verdict speaks of. */
export function whyNotYet({ time }: Pick<VerifiedStatement, 'time'>, { at, latest }: Footing): Why | undefined {
  if (time.at <= (latest ?? at + CLOCK_SKEW)) return undefined;
  const slow = latest === undefined ? ": is this machine's clock slow?" : '';
  const message = `it was timestamped ${isoTime(time.at)}, after ${isoTime(at)}${slow}`;
  return { code: 'after-moment', message };
}
