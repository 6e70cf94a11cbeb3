import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import {
  checkRequest,
  type Environment,
  type Pkcs11Reference,
  REMOTE_DEADLINE_MS,
  type RemoteKeyOptions,
  SIGNATURE_ALGORITHMS,
  type Signer,
  SignwrightError,
  verifyMessage,
} from '@signwright/signing-core';
import { callRemote } from '@signwright/transport';
import { CKU, type Handle } from './cryptoki.ts';
import { explain, isLost } from './explain.ts';
import { findToken } from './find-token.ts';
import { loadModule } from './load-module.ts';
import { logIn } from './log-in.ts';
import type { Module } from './module.ts';
import { type Key, needsPin, openKey, pinPlace } from './open-key.ts';
import { type Operation, operationOf, signingKeyOf } from './operation.ts';
import { readPin } from './read-pin.ts';

export type Pkcs11SignerOptions = RemoteKeyOptions & {
  /** SIGNWRIGHT_PKCS11_MODULE and SIGNWRIGHT_PKCS11_PIN are read from it, where the reference does not say. */
  readonly environment: Environment;
  /** No library below it is loaded unless SIGNWRIGHT_PKCS11_MODULE names it; the process's own unless told. */
  readonly workingDirectory?: string;
};

/**
 * A signer by a private key on a PKCS#11 token: a smart card, an HSM, SoftHSM. The key stays there.
 *
 * One token, one key must match the reference. A wrong PIN is tried once a process. Signatures are made off the main thread, up to
 * sixteen at once; what PKCS#11 has besides (opening, login) blocks while the token takes to answer.
 *
 * @throws SignwrightError `configuration` for what must be put right (which says what), `unreachable` where the token does not
 * answer, `cancelled`. No message carries a PIN.
 */
export async function createPkcs11Signer(reference: Pkcs11Reference, options: Pkcs11SignerOptions): Promise<Signer> {
  return signerOn(() => loadModule(reference, options.environment, options.workingDirectory), reference, options);
}

/** The same on a module that is loaded otherwise. */
export async function signerOn(
  load: () => Promise<Module>,
  reference: Pkcs11Reference,
  options: Pkcs11SignerOptions,
): Promise<Signer> {
  const { publicKey: pinned, signal: stopped, deadlineMs = REMOTE_DEADLINE_MS, environment } = options;
  const call = { what: 'the PKCS#11 token', where: reference.text, deadlineMs, signal: stopped };
  const ask = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    callRemote(call, work, (error) => located(explain(error), reference));

  /** Finds the key, through a session that is opened anew where the one at hand is lost. */
  const find = async (signal: AbortSignal): Promise<Key> => {
    const module = await load();
    const token = findToken(module, reference);
    const pin = needsPin(token) ? await readPin(reference, environment) : undefined;
    try {
      const open = (): Promise<Key> => openKey(token, pin, reference, pinned, signal);
      return await open().catch((error: unknown) => again(error, signal, open));
    } finally {
      pin?.fill(0);
    }
  };
  const signBy = (key: Key, operation: Operation, signal: AbortSignal): Promise<Buffer> =>
    key.alwaysAuthenticate
      ? readPin(reference, environment).then((pin) =>
          signOnce(key, operation, signal, (session) =>
            logIn(key.token, session, pin, pinPlace(reference), CKU.contextSpecific),
          ).finally(() => pin.fill(0)),
        )
      : signOnce(key, operation, signal);

  let key = await ask(find);
  const { publicKey } = key;
  const signing = signingKeyOf(publicKey);
  // Nobody else vouches for it: the policy that pins it, or the token that shows it, may mean another key than the one that signs.
  if (key.assumed || pinned === undefined)
    await ask((signal) => prove(key, (operation) => signBy(key, operation, signal), reference));
  return {
    publicKey: async () => publicKey,
    certificate: async () => undefined,
    sign: async (request) => {
      checkRequest(request, signing.algorithms, reference.text);
      const operation = operationOf(signing, request);
      return ask(async (signal) => {
        const used = key;
        try {
          return await signBy(used, operation, signal);
        } catch (error) {
          return again(error, signal, async () => {
            used.token.state.sessions.forget(used.age);
            if (key === used) key = sameKey(await find(signal), publicKey, reference);
            return signBy(key, operation, signal);
          });
        }
      });
    },
  };
}

/** Once more, where what was opened is lost and somebody still waits. */
async function again<T>(error: unknown, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (!isLost(error) || signal.aborted) throw error;
  return work();
}

/** @param logIn for a key that asks for it each time, between the two calls. */
function signOnce(
  { token, handle }: Key,
  { mechanism, data, finish }: Operation,
  signal: AbortSignal,
  logIn?: (session: Handle) => void,
): Promise<Buffer> {
  const { cryptoki, state } = token;
  return state.sessions.use((session) => {
    cryptoki.C_SignInit(session.handle, { mechanism }, handle);
    logIn?.(session.handle);
    session.input = data;
    return cryptoki.C_SignAsync(session.handle, data, session.output).then(finish);
  }, signal);
}

/** Signs something random, and holds it against the public key. */
async function prove(
  { publicKey }: Key,
  sign: (operation: Operation) => Promise<Buffer>,
  { text }: Pkcs11Reference,
): Promise<void> {
  const signing = signingKeyOf(publicKey);
  const [algorithm] = signing.algorithms;
  const message = randomBytes(32);
  const digest = createHash(SIGNATURE_ALGORITHMS[algorithm].hash).update(message).digest();
  const signature = await sign(operationOf(signing, { algorithm, digest, message }));
  if (verifyMessage(publicKey, signature, message)) return;
  throw new SignwrightError('configuration', 'the private key on the token does not belong to the public key', {
    where: text,
    next: 'check that the public key object with its id, or the key that the policy pins, is its own',
  });
}

function sameKey(found: Key, before: KeyObject, { text }: Pkcs11Reference): Key {
  if (found.publicKey.equals(before)) return found;
  throw new SignwrightError('configuration', 'the key was replaced by another one while it was in use', { where: text });
}

/** What went wrong, with the reference it is about. */
export function located(
  { error, ...failure }: ReturnType<typeof explain>,
  { text }: Pkcs11Reference,
): ReturnType<typeof explain> {
  const { code, message, next, cause } = error;
  return {
    ...failure,
    error: new SignwrightError(code, message, { where: text, ...(next === undefined ? {} : { next }), cause }),
  };
}
