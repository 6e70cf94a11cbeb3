import { quoted } from '../formats/quoted.ts';
import type { Json, JsonObject } from '../formats/strict-json.ts';
import { Refused } from '../refused.ts';
import type { Claims } from '../release-part.ts';
import { CI_BUILD } from './source-repository.ts';
import { CERTIFIED } from './write-provenance.ts';

const PARAMETERS = '/buildDefinition/externalParameters/';
const CERTIFICATE = '/buildDefinition/internalParameters/certificate/';

/**
 * Holds what a provenance of our build type calls certified against the certificate that signed it: the claims it copies are those of
 * the certificate, all of them, and nothing else is listed as certified. Provenance of other types is left alone.
 *
 * @param carried what the certificate says; nothing where a key signed.
 * @throws Refused `claims-differ`.
 */
export function checkCertified(predicate: Json, carried: Claims | undefined): void {
  const definition = recordAt(predicate, 'buildDefinition');
  if (definition?.['buildType'] !== CI_BUILD) return;
  const copied = recordAt(definition['internalParameters'], 'certificate');
  // As maps: whoever wrote it chose the names, and an object has some of its own.
  const [said, certified] = [new Map(Object.entries(copied ?? {})), new Map(Object.entries(carried ?? {}))];
  for (const name of new Set([...said.keys(), ...certified.keys()])) {
    if (said.get(name) !== certified.get(name)) throw differs(`${CERTIFICATE}${name}`);
  }
  const parameters = new Map(Object.entries(recordAt(definition, 'externalParameters') ?? {}));
  const listed = asRecord(predicate)?.[CERTIFIED] ?? [];
  for (const pointer of Array.isArray(listed) ? (listed as readonly Json[]) : [listed]) {
    if (typeof pointer !== 'string') throw differs(CERTIFIED);
    const named = (prefix: string): string | undefined => (pointer.startsWith(prefix) ? pointer.slice(prefix.length) : undefined);
    const [claim, parameter] = [named(CERTIFICATE), named(PARAMETERS)];
    const holds =
      (claim !== undefined && certified.has(claim)) ||
      (parameter !== undefined && certified.has(parameter) && certified.get(parameter) === parameters.get(parameter));
    if (!holds) throw differs(pointer);
  }
}

function differs(pointer: string): Refused {
  return new Refused('claims-differ', `it calls ${quoted(pointer)} certified as the certificate that signed it does not say`);
}

function recordAt(value: Json | undefined, key: string): JsonObject | undefined {
  return asRecord(asRecord(value)?.[key]);
}

function asRecord(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
