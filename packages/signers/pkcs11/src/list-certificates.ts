import { type Environment, type Pkcs11Reference, REMOTE_DEADLINE_MS } from '@signwright/signing-core';
import { callRemote } from '@signwright/transport';
import { attribute, CKA, CKO, findAllObjects, findObjects, type Handle } from './cryptoki.ts';
import { explain } from './explain.ts';
import { findToken, type Token } from './find-token.ts';
import { loadModule } from './load-module.ts';
import { logIn } from './log-in.ts';
import { needsPin, pinPlace } from './open-key.ts';
import { located } from './pkcs11-signer.ts';
import { PIN_VARIABLE, readPin } from './read-pin.ts';

/** A certificate object of a token. */
export type TokenCertificate = {
  /** As the token has it; nothing says that it is one. */
  readonly der: Buffer;
  /** CKA_LABEL. */
  readonly label: string;
  /** The reference of the key that belongs to it, where the token shows one with the same CKA_ID. */
  readonly keyReference?: string;
};

export type ListOptions = {
  /** SIGNWRIGHT_PKCS11_MODULE and SIGNWRIGHT_PKCS11_PIN are read from it, where the reference does not say. */
  readonly environment: Environment;
  /** No library below it is loaded unless SIGNWRIGHT_PKCS11_MODULE names it; the process's own unless told. */
  readonly workingDirectory?: string;
  readonly signal?: AbortSignal;
  /** 30 seconds unless told. */
  readonly deadlineMs?: number;
};

/** Certificates of one token, at the most. */
const MOST = 10_000;

/**
 * The certificates on a token (CKO_CERTIFICATE), or those of them with the label and id of the reference. Most tokens show them to
 * anybody, so the PIN is given only where one is at hand; without it private keys are not seen.
 *
 * @throws SignwrightError as `createPkcs11Signer`.
 */
export async function listPkcs11Certificates(reference: Pkcs11Reference, options: ListOptions): Promise<TokenCertificate[]> {
  const { environment, workingDirectory, signal: stopped, deadlineMs = REMOTE_DEADLINE_MS } = options;
  const call = { what: 'the PKCS#11 token', where: reference.text, deadlineMs, signal: stopped };
  const list = async (signal: AbortSignal): Promise<TokenCertificate[]> => {
    const token = findToken(await loadModule(reference, environment, workingDirectory), reference);
    const given = reference.pinSource !== undefined || environment[PIN_VARIABLE] !== undefined;
    const pin = needsPin(token) && given ? await readPin(reference, environment) : undefined;
    try {
      return await token.state.sessions.use(({ handle }) => {
        if (pin !== undefined) logIn(token, handle, pin, pinPlace(reference));
        return certificatesOn(token, handle, reference);
      }, signal);
    } finally {
      pin?.fill(0);
    }
  };
  return callRemote(call, list, (error) => located(explain(error), reference));
}

function certificatesOn({ cryptoki, label }: Token, session: Handle, { object, id }: Pkcs11Reference): TokenCertificate[] {
  const template = [
    { type: CKA.class, value: CKO.certificate },
    ...(object === undefined ? [] : [{ type: CKA.label, value: Buffer.from(object) }]),
    ...(id === undefined ? [] : [{ type: CKA.id, value: Buffer.from(id) }]),
  ];
  return findAllObjects(cryptoki, session, template, MOST).flatMap((found) => {
    const der = attribute(cryptoki, session, found, CKA.value);
    if (der === undefined) return [];
    const own = attribute(cryptoki, session, found, CKA.id);
    const key = own !== undefined && hasKey(own) ? { keyReference: referenceTo(label, own) } : {};
    return [{ der, label: attribute(cryptoki, session, found, CKA.label)?.toString('utf8') ?? '', ...key }];
  });

  function hasKey(id: Buffer): boolean {
    return [CKO.privateKey, CKO.publicKey].some(
      (kind) =>
        findObjects(cryptoki, session, [
          { type: CKA.class, value: kind },
          { type: CKA.id, value: id },
        ]).length > 0,
    );
  }
}

/** RFC 7512. */
function referenceTo(token: string, id: Buffer): string {
  return `pkcs11:token=${encodeURIComponent(token)};id=${id.toString('hex').replace(/../g, '%$&')}`;
}
