import type { SignwrightError } from '@signwright/signing-core';
import { expect } from 'vitest';
import { type PlatformFault, SAID_BY_FAULT } from './fake-platform.ts';

/** A platform, and how it is made to fail. */
export type PlatformFaults = {
  fault(fault: PlatformFault | undefined): void;
  /** What came to where a redirect led. */
  readonly leaked: readonly string[];
  /** Whatever must never be seen: tokens, and names and e-mail addresses the platform's answers have. */
  readonly secrets: readonly string[];
  /** Words of the permission a refusal names. */
  readonly permission: RegExp;
};

/** Each fault with what it must be told as. */
export const PLATFORM_FAULTS: readonly (readonly [PlatformFault, SignwrightError['code']])[] = [
  ['silent', 'unreachable'],
  ['huge', 'unreachable'],
  ['broken', 'unreachable'],
  ['throttled', 'unreachable'],
  ['a page', 'unreachable'],
  ['another shape', 'unreachable'],
  ['unauthorized', 'configuration'],
  ['forbidden', 'configuration'],
  ['missing', 'configuration'],
];

/** Makes the platform fail and asks it: the failure has the code, says what to do, and repeats nothing it must not. */
export async function expectFault(
  { fault, leaked, secrets, permission }: PlatformFaults,
  [which, code]: readonly [PlatformFault, SignwrightError['code'] | undefined],
  ask: () => Promise<unknown>,
): Promise<void> {
  fault(which);
  const failure = (await ask().then(
    () => undefined,
    (error: unknown) => error,
  )) as SignwrightError;
  expect(failure).toMatchObject({ name: 'SignwrightError', next: expect.stringMatching(/./), where: expect.stringMatching(/./) });
  if (code !== undefined) expect(failure.code).toBe(code);
  if (which === 'forbidden') expect(failure.next).toMatch(permission);
  const told: unknown[] = [];
  for (let each: unknown = failure; each instanceof Error; each = each.cause) told.push(each.message, each.stack, { ...each });
  for (const secret of [...secrets, SAID_BY_FAULT]) expect(JSON.stringify(told)).not.toContain(secret);
  expect(leaked, 'no token goes where a redirect leads').toEqual([]);
}
