import type { PolicyFile } from '../generated/policy-file.ts';
import { type Source, whereOf } from '../parse/source.ts';
import type { RevocationDefinition } from '../policy.ts';
import { secondsOf } from '../values/duration.ts';
import { isUrl } from '../values/is-url.ts';
import { inDirectory } from './signers.ts';

/** Whether a layer wants certificates checked for revocation, and how. */
export function revocationOf({ trust }: PolicyFile, source: Source, directory: string): RevocationDefinition | undefined {
  const written = trust?.revocation;
  if (written === undefined) return undefined;
  const { mode, crls = [], 'max-age': maxAge, 'allow-private': allowPrivate = false } = written;
  return {
    where: whereOf(source, ['trust', 'revocation']),
    mode,
    ...(maxAge === undefined ? {} : { maxAge: secondsOf(maxAge) }),
    crls: crls.map((place) => (isUrl(place) ? place : inDirectory(directory, place))),
    allowPrivate,
  };
}
