import type { Kind } from '../artifact.ts';
import type { Sha256 } from '../formats/digest.ts';
import type { Claims } from '../release-part.ts';

/** The type of every record of this version. */
export const RECORD = 'https://signwright.dev/record/v1';

/** Bytes of one record, less than this: a C2SP entry bundle counts them in 16 bits. */
export const MAX_RECORD: number = 65_535;

/** What every record says. Its id is the SHA-256 of its canonical JSON. */
export type RecordBase = {
  /** Which request it is about: the same for every attempt at the same thing. */
  readonly request: Sha256;
  /** By the writer's own clock, ISO 8601; what proves the time is the log's order and its checkpoints. */
  readonly time: string;
  readonly requester: {
    /** What the certificate of whoever signs the record says; absent where a key signs, for it certifies no job. */
    readonly certified?: Claims;
    /** What the run said of itself. No e-mail addresses: stable ids only. */
    readonly asserted: Claims;
  };
  readonly environment: string;
  readonly policy: { readonly name?: string; readonly digest: Sha256 };
  /** The release it is about, `name@version`, where the run named one. */
  readonly release?: string;
  /** Where it ran: the machine's name and address, and the CI job's URL, as far as they are known. */
  readonly host?: string;
  readonly address?: string;
  readonly job?: string;
};

/** An artifact as a record names it. */
export type RecordedArtifact = {
  readonly name: string;
  readonly digest: Sha256;
  readonly kind: Kind;
  /** The tiers its rules lead to, ` + ` between them. */
  readonly tier: string;
  /** The requirements digest. */
  readonly requirements: Sha256;
};

/** Who signs: the policy's name for it, the key and, where there is one, the certificate. */
export type RecordedSigner = {
  readonly id: string;
  /** base64 of SHA-256 over SubjectPublicKeyInfo. */
  readonly key: string;
  /** Serial number in hex, and SHA-256 of the DER. */
  readonly certificate?: { readonly serial: string; readonly digest: Sha256 };
};

/** A key or a CA of a signer that could not be reached: its reference, and why. */
export type Unreached = { readonly reference: string; readonly reason: string };

/** A statement as records name it: its predicate type, and of a verdict what it says about which source. */
export type RecordedStatement = {
  readonly type: string;
  readonly result?: 'PASSED' | 'FAILED';
  readonly repository?: string;
  readonly commit?: string;
};

/** Something is about to be signed. Without a result that names it, a signature may exist. */
export type IntentRecord = RecordBase & {
  readonly event: 'intent';
  /** 1 for the first; a retry is the next. */
  readonly attempt: number;
  /** The intent of the attempt before. */
  readonly previous?: Sha256;
  readonly signer: RecordedSigner;
  /** What the signer was to sign with before, and why that could not be reached. */
  readonly unreached?: readonly Unreached[];
  /** SHA-256 of the exact bytes to sign; absent where each artifact's own bytes are signed, for a bundle beside the file. */
  readonly bytes?: Sha256;
  /** What the bytes say, where they are no release part. */
  readonly statement?: RecordedStatement;
  readonly decision: { readonly result: 'allow'; readonly reasons: readonly string[] };
  readonly artifacts: readonly RecordedArtifact[];
  /** Where the artifacts do not fit into one record: which of how many, from 1. */
  readonly slice?: { readonly number: number; readonly of: number };
};

/** What came of intents. */
export type ResultRecord = RecordBase & {
  readonly event: 'result';
  /** Every intent it answers: the slices of one attempt. */
  readonly intents: readonly Sha256[];
  readonly signer: RecordedSigner;
} & (
    | {
        readonly outcome: 'signed';
        /** SHA-256 of the signature's bytes, and the digest of the bundle that carries it. */
        readonly signature: Sha256;
        readonly evidence: Sha256;
        /** As the timestamp authority attests, ISO 8601. */
        readonly signed: string;
      }
    /** Each artifact's own bytes were signed. */
    | { readonly outcome: 'signed'; readonly files: number }
    | { readonly outcome: 'failed'; readonly error: { readonly code: string; readonly message: string } }
  );

/** A request that ended before anything was to be signed: the policy refused it, or it failed, as where no key could be reached. */
export type RefusalRecord = RecordBase & {
  readonly event: 'refusal';
  readonly outcome: 'refused' | 'failed';
  /** `deny` where it was refused, `inconclusive` where it failed. */
  readonly decision: { readonly result: 'deny' | 'inconclusive'; readonly reasons: readonly string[] };
  /** As far as they were known: digests and tiers may not have been. */
  readonly artifacts: readonly (Pick<RecordedArtifact, 'name'> & Partial<RecordedArtifact>)[];
  readonly slice?: { readonly number: number; readonly of: number };
};

/** What a person's statement says. */
export const SAID_BY_PEOPLE = ['approve', 'reject', 'withdraw', 'waive', 'break-glass', 'review'] as const;

/** Somebody approved, rejected, withdrew, waived or reviewed something: written before the evidence is published. */
export type ApprovalRecord = RecordBase & {
  readonly event: 'approval';
  readonly said: (typeof SAID_BY_PEOPLE)[number];
  /** The policy's name for the person, and what they signed with; see {@link keyOfPerson}. */
  readonly person: string;
  readonly key: string;
  /** SHA-256 of the signature's bytes, and the digest of the bundle that carries it. */
  readonly signature: Sha256;
  readonly evidence: Sha256;
  /** As the timestamp authority attests, ISO 8601. */
  readonly signed: string;
  /** What a waiver waives; the waivers that a review is about. */
  readonly about?: readonly string[];
  /** Of a waiver of a rule there are none. */
  readonly artifacts: readonly RecordedArtifact[];
  readonly slice?: { readonly number: number; readonly of: number };
};

/** What happens to a certificate: it is about to be issued, it was, it failed or was refused; or it was ordered to be revoked. */
export const SAID_OF_CERTIFICATES = ['issue', 'issued', 'failed', 'refused', 'revoke'] as const;

/**
 * A certificate is issued, or was not, or is revoked. `issue` is written before anything is signed: without what came of it a
 * certificate may exist. By stable ids alone: a log is never erased.
 */
export type CertificateRecord = RecordBase & {
  readonly event: 'certificate';
  readonly said: (typeof SAID_OF_CERTIFICATES)[number];
  /** The policy's name of the CA; absent for a certificate of nobody the policy names. */
  readonly authority?: string;
  readonly profile?: string;
  /** Hex, lower case, and SHA-256 of the DER, as far as there is one. */
  readonly serial?: string;
  readonly digest?: Sha256;
  /** base64 of SHA-256 over SubjectPublicKeyInfo. */
  readonly key?: string;
  /** The URI in it; no e-mail address. */
  readonly subject?: string;
  /** The policy's name of the person it is for, or who ordered it revoked. */
  readonly person?: string;
  /** The evidence of what was granted or ordered. */
  readonly evidence?: readonly Sha256[];
  /** Why it was revoked, refused, or failed. */
  readonly reason?: string;
};

/** A segment that the sequencer did not take, and why. */
export type SegmentRefusedRecord = {
  readonly event: 'segment-refused';
  readonly time: string;
  readonly segment: number;
  readonly digest: Sha256;
  readonly reason: string;
};

/** What this version knows to read. */
export type LogRecord = IntentRecord | ResultRecord | RefusalRecord | ApprovalRecord | CertificateRecord | SegmentRefusedRecord;

/** A record as it was read: one of a later version, or of something else, is listed with its bytes and never refused. */
export type ReadRecord = {
  /** SHA-256 of its bytes. */
  readonly id: Sha256;
  readonly record: LogRecord | { readonly event: 'unknown'; readonly why: string };
};
