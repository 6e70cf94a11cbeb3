import type { KeyObject } from 'node:crypto';
import type { Bundle } from './bundle.ts';
import { messageOf, SignwrightError } from './error.ts';
import { Refused } from './refused.ts';
import type { TrustedTime } from './timestamp/verify-timestamp.ts';
import type { TrustRoot } from './trust-root.ts';

/**
 * Verifies the transparency log entries of a bundle (Rekor v1 and v2) and, where the trust root lists certificate transparency
 * logs, the certificate's SCTs, by @sigstore/verify. The caller has verified the signature over the file or envelope already.
 *
 * @returns the times at which logs promised to include the entry.
 * @throws Refused `bad-signature` with the library's reason; SignwrightError `configuration` for logs that cannot be read.
 */
export async function verifyLogEntries(
  bundle: Bundle,
  root: TrustRoot,
  keyFor: (hint: string) => KeyObject | undefined,
): Promise<TrustedTime[]> {
  const { bundleFromJSON, toSignedEntity, toTrustMaterial, TrustedRoot, Verifier } = await import('./sigstore.ts');
  const findKey = (hint: string): { publicKey: KeyObject; validFor: () => boolean } => {
    const publicKey = keyFor(hint);
    if (!publicKey) throw new Refused('key-not-listed', 'the key the bundle hints at is none of those given');
    return { publicKey, validFor: () => true };
  };
  let material: ReturnType<typeof toTrustMaterial>;
  try {
    material = toTrustMaterial(TrustedRoot.fromJSON(root.json), findKey);
  } catch (cause) {
    throw new SignwrightError('configuration', `the logs of the trust root cannot be read: ${messageOf(cause)}`, { cause });
  }
  try {
    const entity = toSignedEntity(bundleFromJSON(bundle.json), Buffer.alloc(0));
    const signature = Object.create(entity.signature, { verifySignature: { value: () => true } }) as typeof entity.signature;
    const checked = { ...entity, signature };
    const verifier = new Verifier(material, {
      tlogThreshold: 1,
      ctlogThreshold: bundle.key.type === 'certificate' && material.ctlogs.length > 0 ? 1 : 0,
      timestampThreshold: bundle.key.type === 'certificate' ? 1 : 0,
    });
    verifier.verify(checked);
    return entity.tlogEntries
      .filter((entry) => entry.inclusionPromise !== undefined)
      .map((entry) => ({ at: Number(entry.integratedTime) * 1000, authority: 'a transparency log', development: false }));
  } catch (cause) {
    if (cause instanceof Refused) throw cause;
    throw new Refused('bad-signature', `the transparency log entry does not hold: ${reasons(cause)}`, cause);
  }
}

function reasons(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) parts.push(at.message);
  return parts.join(': ');
}
