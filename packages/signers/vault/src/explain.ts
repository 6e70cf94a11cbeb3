import { type ErrorCode, SignwrightError } from '@signwright/signing-core';
import { type Failure, failureOfStatus } from '@signwright/transport';
import { type Answered, errorsOf, type Holder, type Question } from './answer.ts';

type Told = readonly [ErrorCode, message: string, next: string];

const NO_KEY: Told = [
  'configuration',
  'there is no such key',
  'check the name of the key, mount= and namespace= in the reference',
];

/** What transit says of keys that will never sign, with 400 or, for want of a better status, with 500. */
const KNOWN: readonly (readonly [RegExp, Told])[] = [
  [/(signing|encryption) key not found/i, NO_KEY],
  [/soft-deleted/i, ['configuration', 'the key is disabled: it is soft-deleted', 'have it restored, or use another key']],
  [
    /less than the minimum encryption key version/i,
    [
      'configuration',
      'the version of the key is disabled: min_encryption_version is above it',
      'name a later version in the reference and pin that public key, or lower min_encryption_version',
    ],
  ],
  [
    /higher than the latest key version/i,
    ['configuration', 'there is no key of this version any more', 'check the key; it was restored or made again'],
  ],
  [
    /not contain a private part/i,
    ['configuration', 'the key there has no private half: only its public key was imported', 'use a key that Vault holds'],
  ],
  [
    /hash algorithm|marshaling|signature algorithm|does not support signing|signing not supported/i,
    [
      'configuration',
      'the key cannot sign by this algorithm',
      'use a key of one of ecdsa-p256, ecdsa-p384, rsa-2048, rsa-3072, rsa-4096, ed25519',
    ],
  ],
];

/**
 * What a Vault that did not do what was asked means: statuses as its API documentation has them ("HTTP status codes"), and what the
 * transit engine says in `errors`. @param from where the token is from. @param where the key's reference.
 */
export function explain(answered: Answered, from: string, where: string): Failure {
  const { answer, question } = answered;
  const said = errorsOf(answer);
  const told = question.capability === undefined ? undefined : KNOWN.find(([pattern]) => pattern.test(said))?.[1];
  const failure = told
    ? { again: false, error: errorOf(told, where) }
    : failureOfStatus(answer, () => errorOf(refusal(answered, from, said), where), 'Vault');
  return answer.status === 503 && /sealed/i.test(said)
    ? { ...failure, error: sealed(where) }
    : withPlace(failure, answer.status, where);
}

function refusal({ answer: { status }, question, holder }: Answered, from: string, said: string): Told {
  if (status >= 300 && status < 400)
    return [
      'configuration',
      'it is a standby, and refers to another server, to which nothing is sent',
      'give the address of the active one, or of what stands before them',
    ];
  if (status === 412) return ['unreachable', 'it has not caught up with its own last change (412)', 'run again'];
  if (status === 472 || status === 473)
    return ['unreachable', `it is a standby (${status})`, 'give the address of the active one'];
  if (question.capability === undefined) return refusedLogin(question, status, said);
  if (status === 403 && holder?.token === 'ended')
    return [
      'configuration',
      `the token from ${from} is not known there: it has expired or was revoked (403)`,
      'get a new one, then run again',
    ];
  if (status === 403) return refusedCapability(question, question.capability, holder, from);
  if (status === 404 && said === '') return NO_KEY;
  if (status === 404)
    return [
      'configuration',
      `there is nothing at ${question.path} (404)`,
      'check mount= and namespace= in the reference: no such key, or no transit engine, is there',
    ];
  return ['configuration', `it refuses ${question.path} (${status})${shown(said)}`, 'look in the audit log of Vault for why'];
}

/** A denial, unless Vault says the token has ended: the next key of a signer is not for those who may not use the first. */
function refusedCapability({ path }: Question, capability: string, holder: Holder | undefined, from: string): Told {
  const grant = `grant it in a policy: path "${path}" { capabilities = ["${capability}"] }`;
  if (holder?.token === 'denied')
    return [
      'configuration',
      `the token from ${from} may not ${capability} ${path}, or has ended (403); nor may it ask auth/token/lookup-self, which would tell`,
      `${grant}; where it has that, get a new token`,
    ];
  const who = holder === undefined || holder.text === '' ? '' : ` (${holder.text})`;
  return ['configuration', `the token from ${from}${who} may not ${capability} ${path} (403)`, grant];
}

/** What Vault says of logins, in words of ours alone: who is sent a secret may repeat it, in whatever form. */
const LOGINS: readonly (readonly [RegExp, Told])[] = [
  [/\btoken is expired\b/i, ['configuration', 'the ID token has expired', 'get a new one, then run again']],
  [
    /\baudience\b/i,
    [
      'configuration',
      "the ID token's audience is not the role's",
      'compare the audience of the token with bound_audiences of the role',
    ],
  ],
  [/^role ".*" could not be found/i, ['configuration', 'there is no such role', 'check role= and login-mount= in the reference']],
  [
    /invalid role or secret id/i,
    [
      'configuration',
      'RoleID or SecretID is not valid',
      'check VAULT_ROLE_ID; get a new SecretID, for it may be used up or expired',
    ],
  ],
];

function refusedLogin({ path }: Question, status: number, said: string): Told {
  if (status === 404)
    return ['configuration', `no way to log in is mounted at ${path} (404)`, 'check login-mount= and namespace='];
  const [code, why, next] = LOGINS.find(([pattern]) => pattern.test(said))?.[1] ?? [
    'configuration',
    '',
    'check the role: for login=jwt its bound_audiences and bound_claims, for login=approle that the SecretID is not used up',
  ];
  return [code, `the login at ${path} is refused (${status})${why === '' ? '' : `: ${why}`}`, next];
}

const LONGEST = 200;

/** A message of Vault's, on one line, shortened, without anything long enough to be a token. */
function shown(said: string): string {
  const plain = said
    .replace(/[^\x20-\x7e]+/g, ' ')
    .replace(/[\w.=+-]{24,}/g, '…')
    .trim();
  return plain === '' ? '' : `: ${plain.slice(0, LONGEST)}`;
}

function errorOf([code, message, next]: Told, where: string): SignwrightError {
  return new SignwrightError(code, `Vault cannot be used: ${message}`, { where, next });
}

function sealed(where: string): SignwrightError {
  return new SignwrightError('unreachable', 'Vault is sealed (503)', { where, next: 'have it unsealed, then run again' });
}

/** The transport's own words, with the key they are about; 412 passes as soon as it has caught up. */
function withPlace(failure: Failure, status: number, where: string): Failure {
  const { code, message, next = 'run again later' } = failure.error;
  return { ...failure, again: failure.again || status === 412, error: new SignwrightError(code, message, { where, next }) };
}
