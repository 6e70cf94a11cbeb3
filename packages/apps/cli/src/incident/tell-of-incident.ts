import { hexOf, type JsonObject, type Sha256 } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';
import { tellOf } from '../notify/tell.ts';
import type { AffectedArtifact } from './affected.ts';
import type { IncidentPlan } from './plan.ts';

/** Artifacts a notification lists, and bytes of them: it has 64 KiB at the most. */
const SHOWN = 50;
const ROOM = 32 * 1024;

/**
 * Tells whom the policy wants told of an incident. Its id comes from the record: run again, it is the same event.
 *
 * @returns who could not be told, and why.
 */
export async function tellOfIncident(
  open: OpenPolicy,
  { scope, why, affected }: IncidentPlan,
  { person, record }: { readonly person: string; readonly record: Sha256 },
): Promise<string[]> {
  const untold: string[] = [];
  const { name, digest } = open.policy;
  const data = {
    ...scope.compromise,
    why,
    person,
    record,
    policy: { ...(name === undefined ? {} : { name }), digest },
    signatures: affected.signatures.length,
    verdicts: affected.verdicts.length,
    total: affected.artifacts.length,
    artifacts: withRoom(affected.artifacts),
  };
  await tellOf(open, 'incident', data, (line) => untold.push(line), hexOf(record).slice(0, 32));
  return untold;
}

/** The first that have room: whoever has a key to sign with may sign names of any length, and is told of all the same. */
export function withRoom(artifacts: readonly AffectedArtifact[]): JsonObject[] {
  let room = ROOM;
  return artifacts.slice(0, SHOWN).flatMap((one) => {
    const size = Buffer.byteLength(JSON.stringify(one));
    if (size > room) return [];
    room -= size;
    return [{ ...one }];
  });
}
