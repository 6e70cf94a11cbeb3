import {
  canonicalDigest,
  isSha256,
  type Json,
  type JsonObject,
  parseStrictJson,
  type Sha256,
  SignwrightError,
} from '@signwright/signing-core';
import { nearestWord } from './parse/nearest-word.ts';
import { parseYaml } from './parse/parse-yaml.ts';
import { problemAt, problemAtKey, type Source, whereOf } from './parse/source.ts';
import type { Policy } from './policy.ts';
import { PolicyError, type Problem, shown } from './problem.ts';

/** What a verifier brings from outside the policy it judges by. */
export type Anchor = {
  /** The file it was read from. */
  readonly where: string;
  readonly name?: string;
  readonly policySha256: Sha256;
  readonly minSerial?: number;
  readonly trustRootSha256?: Sha256;
};

const KEYS = ['name', 'policy-sha256', 'signed-by', 'min-serial', 'trust-root-sha256'];

/**
 * Reads an anchor: YAML or JSON, `{name, policy-sha256 | signed-by, min-serial, trust-root-sha256}`, strictly.
 *
 * @throws PolicyError for anything else, and for an anchor that pins no policy; SignwrightError `not-enforced-yet` for `signed-by`.
 */
export function parseAnchor(bytes: Uint8Array, where: string): Anchor {
  const source = readSource(bytes, where);
  const anchor = source.value as JsonObject;
  const problems = [...anchorProblems(source, anchor)];
  if (problems.length > 0) throw new PolicyError(problems, 'the anchor');
  if (anchor['signed-by'] !== undefined) {
    throw new SignwrightError(
      'not-enforced-yet',
      'signed-by in an anchor is not enforced yet, so nothing can be decided under it',
      {
        where: whereOf(source, ['signed-by']),
        next: 'pin the policy by "policy-sha256"',
      },
    );
  }
  const root = anchor['trust-root-sha256'];
  return {
    where,
    policySha256: digestOf(anchor['policy-sha256']) as Sha256,
    ...(anchor['name'] === undefined ? {} : { name: anchor['name'] as string }),
    ...(anchor['min-serial'] === undefined ? {} : { minSerial: anchor['min-serial'] as number }),
    ...(root === undefined ? {} : { trustRootSha256: digestOf(root) as Sha256 }),
  };
}

function readSource(bytes: Uint8Array, where: string): Source {
  try {
    return parseYaml(bytes, where);
  } catch (error) {
    throw error instanceof PolicyError ? new PolicyError(error.problems, 'the anchor') : error;
  }
}

function* anchorProblems(source: Source, anchor: JsonObject): Generator<Problem> {
  for (const key of Object.keys(anchor)) {
    if (!KEYS.includes(key))
      yield problemAtKey(source, [key], `unknown key; allowed are ${KEYS.join(', ')}`, nearestWord(key, KEYS));
  }
  const pins = ['policy-sha256', 'signed-by'].filter((key) => anchor[key] !== undefined);
  if (pins.length !== 1) {
    const found = pins.length === 0 ? 'none is there, so it would pin nothing' : 'both are there';
    yield problemAt(source, [], `exactly one of "policy-sha256", "signed-by" is needed; ${found}`);
  }
  for (const key of ['policy-sha256', 'trust-root-sha256']) {
    if (anchor[key] === undefined || digestOf(anchor[key]) !== undefined) continue;
    yield problemAt(
      source,
      [key],
      `found ${shown(anchor[key])}; allowed is "sha256:" and 64 lower-case hex digits (or the digits alone)`,
    );
  }
  for (const key of ['name', 'signed-by']) {
    if (anchor[key] === undefined || (typeof anchor[key] === 'string' && anchor[key] !== '')) continue;
    yield problemAt(source, [key], `found ${shown(anchor[key])}; allowed is text`);
  }
  const serial = anchor['min-serial'];
  if (serial !== undefined && (!Number.isSafeInteger(serial) || (serial as number) < 0)) {
    yield problemAt(source, ['min-serial'], `found ${shown(serial)}; allowed is a whole number from 0`);
  }
}

function digestOf(value: Json | undefined): Sha256 | undefined {
  const text = typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? `sha256:${value}` : value;
  return typeof text === 'string' && isSha256(text) ? text : undefined;
}

/**
 * Holds a policy against an anchor.
 *
 * @param trustRootDigest of the trust root the run verifies by ({@link trustRootDigestOf}); absent where there is none.
 * @throws SignwrightError `policy` that names everything that differs, with both values.
 */
export function checkAnchor(policy: Policy, trustRootDigest: Sha256 | undefined, anchor: Anchor): void {
  const differences: string[] = [];
  const compare = (what: string, found: string | undefined, wanted: string | undefined): void => {
    if (wanted !== undefined && found !== wanted)
      differences.push(`${what} is ${found ?? 'absent'}, and the anchor wants ${wanted}`);
  };
  compare("the policy's name", policy.name, anchor.name);
  compare('the policy digest', policy.digest, anchor.policySha256);
  compare("the trust root's digest", trustRootDigest, anchor.trustRootSha256);
  if (anchor.minSerial !== undefined && (policy.serial ?? -1) < anchor.minSerial) {
    differences.push(`the policy's serial is ${policy.serial ?? 'absent'}, and the anchor wants ${anchor.minSerial} at least`);
  }
  if (differences.length === 0) return;
  throw new SignwrightError('policy', `the policy is not the one the anchor pins: ${differences.join('; ')}`, {
    where: anchor.where,
    next: 'find out who changed the policy; if the change is meant, update the anchor where it is kept',
  });
}

/** The digest of a trust root as an anchor pins it: SHA-256 over RFC 8785 of its JSON. */
export function trustRootDigestOf(trustedRoot: Uint8Array): Sha256 {
  return canonicalDigest(parseStrictJson(trustedRoot, { what: 'the trust root', maxBytes: 8 * 1024 * 1024 }));
}
