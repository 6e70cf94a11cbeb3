import type { AskedRelease } from '@signwright/policy';
import type { ReleaseName } from '@signwright/signing-core';
import type { OpenPolicy } from '../context/open-policy.ts';

/** A release as the command line asks for it, now or as of another time. */
export function askedOf(
  release: ReleaseName,
  { environment }: { readonly environment?: string | undefined },
  { anchored }: Pick<OpenPolicy, 'anchored'>,
  { at, latest }: { readonly at: number; readonly latest?: number } = { at: Date.now() },
): AskedRelease {
  return {
    release,
    ...(environment === undefined ? {} : { environment }),
    at,
    ...(latest === undefined ? {} : { latest }),
    anchored,
  };
}
