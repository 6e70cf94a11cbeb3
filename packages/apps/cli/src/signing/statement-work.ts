import type { SignerDefinition } from '@signwright/policy';
import {
  type PreparedStatement,
  type RecordedStatement,
  type Signing,
  signStatement,
  type Verified,
  type VerifiedStatement,
} from '@signwright/signing-core';
import { systemClock } from '../context/clock.ts';
import { checkNotStopped, type SigningRun, type Work, type WorkArtifact } from './work.ts';

/** A statement that is to be signed by a signer of the policy. */
export type StatementToSign = {
  readonly definition: SignerDefinition;
  readonly deed: string;
  readonly artifacts: readonly WorkArtifact[];
  /** What kind of statement it is, where it is no release part. */
  readonly statement?: RecordedStatement;
  prepare(signing: Signing): Promise<PreparedStatement>;
  /** Refuses what was just signed where it would not count. */
  check(verified: Verified | VerifiedStatement): void;
};

/** Opens the signer and settles the exact bytes to sign. Nothing is signed yet. */
export async function prepareStatementWork(
  { definition, deed, artifacts, statement, prepare, check }: StatementToSign,
  run: SigningRun,
): Promise<Work> {
  const signer = await run.signers.of(definition);
  const { timestamps, trust } = run;
  const prepared = await prepare({ signer, rule: definition.rule, timestamps, trust, clock: systemClock });
  return {
    definition,
    deed,
    artifacts,
    signer: prepared.signer,
    unreached: run.signers.unreached(definition),
    ...(prepared.certified === undefined ? {} : { certified: prepared.certified }),
    bytes: prepared.bytes,
    ...(statement === undefined ? {} : { statement }),
    async sign() {
      checkNotStopped(run);
      const signed = await signStatement(prepared);
      check(signed.verified);
      return { signed };
    },
  };
}
