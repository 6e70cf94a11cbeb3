import type { GetPublicKeyCommandOutput, SignCommandOutput } from '@aws-sdk/client-kms';
import { unreadableAnswer } from './explain.ts';

/** What is told of a key, of the types that AWS KMS says it has. */
export type FoundKey = {
  readonly arn: string | undefined;
  readonly publicKey: Uint8Array;
  readonly usage: string;
  readonly spec: string;
  readonly algorithms: readonly string[];
};

/** The SDK hands on what it finds in JSON; its types are what AWS promises. @throws SignwrightError `invalid-input`. */
export function readKey(answer: GetPublicKeyCommandOutput, where: string): FoundKey {
  const {
    KeyId,
    PublicKey,
    KeyUsage,
    KeySpec = 'unknown',
    SigningAlgorithms = [],
  } = answer as Untyped<GetPublicKeyCommandOutput>;
  if (KeyId !== undefined && typeof KeyId !== 'string') throw unreadableAnswer('KeyId is no text', where);
  if (!(PublicKey instanceof Uint8Array)) throw unreadableAnswer('PublicKey is missing, or no bytes', where);
  if (typeof KeyUsage !== 'string') throw unreadableAnswer('KeyUsage is missing, or no text', where);
  if (typeof KeySpec !== 'string') throw unreadableAnswer('KeySpec is no text', where);
  if (!isTexts(SigningAlgorithms)) throw unreadableAnswer('SigningAlgorithms is no list of names', where);
  return { arn: KeyId, publicKey: PublicKey, usage: KeyUsage, spec: KeySpec, algorithms: SigningAlgorithms };
}

/** As {@link readKey}: the signature, and by which key it says it is. */
export function readSigned(answer: SignCommandOutput, where: string): { arn: string | undefined; signature: Uint8Array } {
  const { KeyId, Signature } = answer as Untyped<SignCommandOutput>;
  if (KeyId !== undefined && typeof KeyId !== 'string') throw unreadableAnswer('KeyId is no text', where);
  if (!(Signature instanceof Uint8Array) || Signature.length === 0)
    throw unreadableAnswer('Signature is missing, or no bytes', where);
  return { arn: KeyId, signature: Signature };
}

type Untyped<Answer> = { readonly [field in keyof Answer]?: unknown };

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
