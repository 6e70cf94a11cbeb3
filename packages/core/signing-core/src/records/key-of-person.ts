import { canonicalDigest } from '../formats/digest.ts';
import type { Author } from '../verify-bundle.ts';

/**
 * What a person signed with, as records name it: the fingerprint of an SSH key; of a certificate the digest of its name, for that is
 * an e-mail address most often, and a log is never erased.
 */
export function keyOfPerson(author: Author): string {
  switch (author.type) {
    case 'ssh':
      return author.fingerprint;
    case 'certificate':
      return canonicalDigest({ issuer: author.issuer, san: author.san });
    case 'key':
      return author.keyId;
  }
}
