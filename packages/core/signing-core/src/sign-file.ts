import { parseBundle } from './bundle.ts';
import { SignwrightError } from './error.ts';
import { bytesOf, type Sha256 } from './formats/digest.ts';
import { algorithmsOf } from './keys.ts';
import { matchAuthor } from './match-author.ts';
import { Refused } from './refused.ts';
import { type Signing, seal } from './sign.ts';
import { verifyBundle } from './verify-bundle.ts';
import { keyFinder } from './verify-evidence.ts';

/** A file to sign or to check: its digest, and its bytes where they are small enough to be at hand. */
export type FileToSign = { readonly digest: Sha256; readonly message?: Uint8Array };

/**
 * Signs one file as others' tools read it, in a bundle with a message signature over its SHA-256, and checks what was made.
 *
 * @throws SignwrightError as signStatement does; `configuration` for an Ed25519 signer, which would have to hold the whole file.
 */
export async function signFile(file: FileToSign, signing: Signing): Promise<Buffer> {
  const { signer, rule } = signing;
  const algorithm = algorithmsOf(await signer.publicKey())[0];
  if (algorithm === 'ed25519') {
    throw new SignwrightError('configuration', `signer ${rule.id} has an Ed25519 key, which signs no files by their digest`, {
      next: 'give --no-sidecars; the release part is signed all the same',
    });
  }
  const digest = Buffer.from(bytesOf(file.digest));
  const signature = Buffer.from(await signer.sign({ algorithm, digest, ...(file.message ? { message: file.message } : {}) }));
  const bytes = await seal({ type: 'message', hash: 'sha256', digest, signature }, signature, signing);
  await checkFileSignature(bytes, file, signing);
  return bytes;
}

/**
 * Checks that a bundle is a signature over this file by the signer.
 *
 * @throws Refused with the check that failed; SignwrightError `invalid-input` where it is no bundle.
 */
export async function checkFileSignature(
  bytes: Uint8Array,
  file: FileToSign,
  { rule, trust }: Pick<Signing, 'rule' | 'trust'>,
): Promise<void> {
  const { digest, message } = file;
  const { author, times } = await verifyBundle(parseBundle(bytes), {
    ...(trust.root ? { root: trust.root } : {}),
    keyFor: keyFinder(trust.keys),
    file: message ? { message } : { digest: async () => bytesOf(digest) },
  });
  const [time] = times;
  if (!time) throw new Refused('no-trusted-time', 'the signature carries no timestamp by an authority of the trust root');
  const mismatch = matchAuthor({ author, time }, rule);
  if (mismatch) throw new Refused(mismatch.code, mismatch.message);
}
