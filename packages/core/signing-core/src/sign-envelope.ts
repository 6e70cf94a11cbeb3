import type { NewBundle } from './bundle.ts';
import { preAuthEncoding } from './envelope.ts';
import { keyIdOf } from './keys.ts';
import type { PersonSigner } from './ports/person-signer.ts';
import type { Signer } from './ports/signer.ts';
import { signMessage } from './sign.ts';
import { parseSshPublicKey } from './ssh/ssh-public-key.ts';

/** Who signs an envelope: a signer of the policy, or a person with an SSH key. */
export type EnvelopeSigner = { readonly signer: Signer } | { readonly person: PersonSigner };

/** A signed envelope, and what its bundle says of the key. */
export type SignedEnvelope = Pick<NewBundle, 'content' | 'key'> & { readonly signature: Buffer };

/**
 * Signs a payload as a DSSE envelope.
 *
 * @param namespace what a person's SSH signature is made for: the predicate type of a statement, else the payload type.
 * @throws SignwrightError what the signer throws.
 */
export async function signEnvelope(
  payloadType: string,
  payload: Buffer,
  namespace: string,
  by: EnvelopeSigner,
): Promise<SignedEnvelope> {
  const message = preAuthEncoding(payloadType, payload);
  const signature =
    'person' in by ? Buffer.from(await by.person.sign(message, namespace)) : await signMessage(by.signer, message);
  const content = { type: 'envelope', envelope: { payloadType, payload, signature } } as const;
  return { content, key: await keyOf(by), signature };
}

async function keyOf(by: EnvelopeSigner): Promise<NewBundle['key']> {
  if ('person' in by) return { type: 'public-key', hint: parseSshPublicKey(by.person.publicKey()).fingerprint };
  const certificate = await by.signer.certificate();
  return certificate
    ? { type: 'certificate', der: Buffer.from(certificate) }
    : { type: 'public-key', hint: keyIdOf(await by.signer.publicKey()) };
}
