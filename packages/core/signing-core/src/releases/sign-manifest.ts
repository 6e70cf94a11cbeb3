import type { Claims } from '../release-part.ts';
import type { Signing } from '../sign.ts';
import { type PreparedStatement, prepareStatement } from '../sign-statement.ts';
import { type ReleaseManifest, writeReleaseManifest } from './release-manifest.ts';

/** Settles which manifest is to be signed, with what the signer's certificate says; see {@link prepareStatement}. */
export function prepareManifest(
  { asserted, ...manifest }: Omit<ReleaseManifest, 'source'> & { readonly asserted: Claims },
  signing: Signing,
): Promise<PreparedStatement> {
  return prepareStatement(
    (certified) => writeReleaseManifest({ ...manifest, source: { ...(certified ? { certified } : {}), asserted } }),
    signing,
  );
}
