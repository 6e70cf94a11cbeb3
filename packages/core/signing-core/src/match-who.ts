import { createPublicKey } from 'node:crypto';
import { authorName } from './author-name.ts';
import { compileGlob } from './formats/glob.ts';
import { keyIdOf } from './keys.ts';
import { Refused } from './refused.ts';
import type { TrustRoot } from './trust-root.ts';
import type { Author } from './verify-bundle.ts';
import type { StatementTrust } from './verify-statement.ts';

/** Somebody who must have signed: whom a certificate names, or who holds one key. */
export type Who =
  | {
      /** The OIDC issuer, exactly. */
      readonly issuer: string;
      /** The one name in the certificate (its URI or e-mail address), exactly or by a pattern. */
      readonly subject: string;
    }
  | {
      /** SubjectPublicKeyInfo in PEM. */
      readonly publicKey: string;
    };

/**
 * What a signature of somebody is verified against. A pinned key needs no trust root: it has no validity a time would be held
 * against, and whoever stops trusting it takes it out.
 */
export function trustFor(who: Who, root: TrustRoot | undefined): StatementTrust {
  if ('publicKey' in who) {
    const key = createPublicKey(who.publicKey);
    const id = keyIdOf(key);
    return { keyFor: (hint) => (hint === id ? key : undefined) };
  }
  return { ...(root === undefined ? {} : { root }), keyFor: () => undefined };
}

/** @throws Refused `identity-mismatch` where the author is somebody else. */
export function checkWho(author: Author, who: Who): void {
  const refuse = (why: string): Refused => new Refused('identity-mismatch', why);
  if ('publicKey' in who) {
    if (author.type !== 'key') throw refuse(`it is signed by ${authorName(author)}, not by the key that must have`);
    return;
  }
  if (author.type !== 'certificate') throw refuse(`it is signed by a key, not by a certificate of ${who.subject}`);
  if (author.issuer !== who.issuer) throw refuse(`it is signed by ${author.san} of ${author.issuer}, not of ${who.issuer}`);
  if (!compileGlob(who.subject)(author.san)) throw refuse(`it is signed by ${author.san}, not by ${who.subject}`);
}

/** Somebody in a sentence. */
export function whoText(who: Who): string {
  return 'publicKey' in who ? `the key ${keyIdOf(createPublicKey(who.publicKey))}` : `${who.subject} of ${who.issuer}`;
}
