import { type ErrorCode, SignwrightError } from '@signwright/signing-core';
import type { Failure } from '@signwright/transport';
import { returnCode } from './cryptoki.ts';

type Explanation = readonly [ErrorCode, problem: string, next: string];

const CHECK_DEVICE = 'check that the token is plugged in, or the HSM up and reached from here, then run again';
const CHECK_LIBRARY = `${CHECK_DEVICE}; the library's own log and configuration (SoftHSM: SOFTHSM2_CONF) say more`;
const gone: Explanation = ['unreachable', 'the token is gone, or was reset', CHECK_DEVICE];
const failed: Explanation = ['unreachable', 'the token or its library failed', CHECK_LIBRARY];
const noMemory: Explanation = ['unreachable', 'there is no memory left for it', 'end what else uses the token, then run again'];
const vanished: Explanation = ['unreachable', 'the key has gone from the token since it was found', 'run again'];
const unfit: Explanation = [
  'configuration',
  'the token does not sign by this algorithm with this key',
  'use ECDSA P-256 or P-384, RSA 2048 to 4096, or Ed25519 where the token has CKM_EDDSA',
];

const KNOWN: Readonly<Record<string, Explanation>> = {
  CKR_DEVICE_REMOVED: gone,
  CKR_TOKEN_NOT_PRESENT: gone,
  CKR_TOKEN_NOT_RECOGNIZED: gone,
  CKR_SLOT_ID_INVALID: gone,
  CKR_SESSION_HANDLE_INVALID: gone,
  CKR_SESSION_CLOSED: gone,
  CKR_DEVICE_ERROR: failed,
  CKR_GENERAL_ERROR: failed,
  CKR_FUNCTION_FAILED: failed,
  CKR_DEVICE_MEMORY: noMemory,
  CKR_HOST_MEMORY: noMemory,
  CKR_KEY_HANDLE_INVALID: vanished,
  CKR_OBJECT_HANDLE_INVALID: vanished,
  CKR_SESSION_COUNT: ['unreachable', 'the token has too many sessions', 'end what else uses the token, then run again'],
  CKR_KEY_FUNCTION_NOT_PERMITTED: [
    'configuration',
    'the key may not sign: its CKA_SIGN is not true',
    'set CKA_SIGN on the key, or make one that has it',
  ],
  CKR_MECHANISM_INVALID: unfit,
  CKR_KEY_TYPE_INCONSISTENT: unfit,
  CKR_KEY_SIZE_RANGE: unfit,
  CKR_USER_NOT_LOGGED_IN: ['configuration', 'the token asks for a login', 'give its PIN by pin-source or SIGNWRIGHT_PKCS11_PIN'],
  CKR_USER_PIN_NOT_INITIALIZED: ['configuration', 'the token has no PIN yet', 'have its security officer set one'],
  CKR_PIN_EXPIRED: ['configuration', 'the PIN of the token has expired', 'change it by the tools of its vendor'],
  CKR_USER_ANOTHER_ALREADY_LOGGED_IN: [
    'configuration',
    'another user of the token is logged in, in this process',
    'sign in a process of its own',
  ],
  CKR_CANT_LOCK: [
    'configuration',
    'the library cannot be used by several threads (CKF_OS_LOCKING_OK), as this program is made of',
    'ask the vendor of the token for one that can',
  ],
};

/** A module that is full may yet have room; nothing else is asked again. */
const AGAIN = ['CKR_SESSION_COUNT'];

/** What PKCS#11 answered, as an error of ours: a table from its return values. */
export function explain(error: unknown): Failure {
  const code = returnCode(error);
  const known = code !== undefined && Object.hasOwn(KNOWN, code) ? KNOWN[code] : undefined;
  const [kind, problem, next] = known ?? [
    'configuration',
    'the token refused',
    'look the code up in PKCS#11, or in the documentation of the vendor',
  ];
  return {
    again: AGAIN.includes(code ?? ''),
    error: new SignwrightError(kind, `the PKCS#11 key cannot be used: ${problem} (${code ?? 'no return value'})`, {
      next,
      cause: error,
    }),
  };
}

const LOST = [
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SESSION_CLOSED',
  'CKR_DEVICE_REMOVED',
  'CKR_DEVICE_ERROR',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
];

/** Whether what was opened is gone, and may be there again once it is opened anew. */
export function isLost(error: unknown): boolean {
  return LOST.includes(returnCode(error) ?? '');
}
