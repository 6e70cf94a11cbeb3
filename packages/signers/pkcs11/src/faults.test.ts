import { createHash, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import {
  type Pkcs11Reference,
  parseKeyReference,
  type RemoteKeyOptions,
  type Signer,
  type SignwrightError,
  signWithKey,
} from '@signwright/signing-core';
import { freshKeys, type RemoteKeyFault, remoteSignerContract } from '@signwright/testkit';
import { describe, expect, test } from 'vitest';
import { CKA, CKF, CKU, type Cryptoki, type Handle } from './cryptoki.ts';
import { signerOn } from './pkcs11-signer.ts';

// What no SoftHSM can be made to do, done by a token in memory. What such a token does otherwise is held against SoftHSM, in e2e.

const PIN = '7294-salamander';
const reference = parseKeyReference('pkcs11:token=fake;object=key') as Pkcs11Reference;

type Call = keyof Cryptoki;

class FakeToken {
  readonly pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  /** What the token says its public key is. */
  shown = this.pair.publicKey;
  flags: number = CKF.tokenInitialized | CKF.loginRequired;
  present = true;
  silent = false;
  alwaysAuthenticate = false;
  /** The return value a call has instead, asked for at each. */
  readonly failing = new Map<Call, () => string | undefined>();
  readonly calls = new Map<Call, number>();
  readonly sessions = new Set<number>();
  private readonly states = new Map();
  private loggedIn = false;
  private last = 0;

  fail(call: Call, code: string, times = Number.POSITIVE_INFINITY): void {
    let left = times;
    this.failing.set(call, () => (left-- > 0 ? code : undefined));
  }

  count(call: Call): number {
    return this.calls.get(call) ?? 0;
  }

  /** As when it is pulled out and put in again. */
  reset(): void {
    this.sessions.clear();
    this.loggedIn = false;
  }

  open(options: RemoteKeyOptions = {}, pin: string = PIN): Promise<Signer> {
    const module = { cryptoki: this.cryptoki, states: this.states };
    return signerOn(async () => module, reference, { environment: { SIGNWRIGHT_PKCS11_PIN: pin }, ...options });
  }

  private called(call: Call, session?: Handle): void {
    this.calls.set(call, this.count(call) + 1);
    const code = this.failing.get(call)?.();
    if (code !== undefined) throw new Error(`${code}:1`);
    if (session !== undefined && !this.sessions.has(session[0] as number)) throw new Error('CKR_SESSION_HANDLE_INVALID:179');
  }

  readonly cryptoki = {
    C_GetSlotList: () => (this.present ? [Buffer.of(9, 0, 0, 0, 0, 0, 0, 0)] : []),
    C_GetTokenInfo: () => {
      this.called('C_GetTokenInfo');
      return { label: 'fake'.padEnd(32), manufacturerID: '', model: '', serialNumber: '', flags: this.flags, maxSessionCount: 4 };
    },
    C_GetMechanismList: () => [0x1041],
    C_OpenSession: () => {
      this.called('C_OpenSession');
      this.sessions.add(++this.last);
      return Buffer.of(this.last);
    },
    C_CloseSession: (session: Handle) => {
      this.called('C_CloseSession', session);
      this.sessions.delete(session[0] as number);
      if (this.sessions.size === 0) this.loggedIn = false;
    },
    C_Login: (session: Handle, user: number, pin: string) => {
      this.called('C_Login', session);
      if (pin !== PIN) throw new Error('CKR_PIN_INCORRECT:160');
      if (user === CKU.user && this.loggedIn) throw new Error('CKR_USER_ALREADY_LOGGED_IN:256');
      this.loggedIn = true;
    },
    C_FindObjectsInit: (session: Handle) => this.called('C_FindObjectsInit', session),
    C_FindObjects: (session: Handle) => {
      this.called('C_FindObjects', session);
      return this.loggedIn ? [Buffer.of(7)] : [];
    },
    C_FindObjectsFinal: () => undefined,
    C_GetAttributeValue: (_session: Handle, _object: Handle, [asked]: { type: number }[]) => {
      const values: { readonly [type: number]: Buffer } = {
        [CKA.sign]: Buffer.of(1),
        [CKA.keyType]: Buffer.of(3, 0, 0, 0, 0, 0, 0, 0),
        [CKA.alwaysAuthenticate]: Buffer.of(this.alwaysAuthenticate ? 1 : 0),
        [CKA.publicKeyInfo]: this.shown.export({ type: 'spki', format: 'der' }),
      };
      const value = values[asked?.type as number];
      if (value === undefined) throw new Error('CKR_ATTRIBUTE_TYPE_INVALID:18');
      return [{ type: asked?.type, value }];
    },
    C_SignInit: (session: Handle) => this.called('C_SignInit', session),
    C_SignAsync: async (session: Handle, digest: Buffer, output: Buffer) => {
      this.called('C_SignAsync', session);
      if (this.silent) await new Promise(() => undefined);
      const der = await signWithKey(this.pair.privateKey, { algorithm: 'ecdsa-p256-sha256', digest });
      return output.subarray(0, raw(Buffer.from(der)).copy(output));
    },
  } as unknown as Cryptoki;
}

/** r and s, one behind the other. */
function raw(der: Buffer): Buffer {
  const first = der.subarray(4, 4 + (der[3] as number));
  const second = der.subarray(6 + first.length);
  return Buffer.concat([first, second].map((one) => Buffer.concat([Buffer.alloc(32), one]).subarray(-32)));
}

async function signs(signer: Signer): Promise<boolean> {
  const message = randomBytes(40);
  const digest = createHash('sha256').update(message).digest();
  const signature = await signer.sign({ algorithm: 'ecdsa-p256-sha256', digest, message });
  return verify('sha256', message, await signer.publicKey(), signature);
}

const refusal = (work: Promise<unknown>): Promise<SignwrightError> =>
  work.then(
    () => expect.unreachable(),
    (error: SignwrightError) => error,
  );

remoteSignerContract('a token in memory', async () => {
  const token = new FakeToken();
  const everywhere = (code: string, calls: readonly Call[]): void => {
    for (const call of calls) token.fail(call, code);
  };
  const full = (times?: number): void => {
    token.reset();
    token.fail('C_OpenSession', 'CKR_SESSION_COUNT', times);
  };
  const faults: { readonly [fault in RemoteKeyFault]?: () => void } = {
    'no permission to sign': () => everywhere('CKR_KEY_FUNCTION_NOT_PERMITTED', ['C_SignInit']),
    throttled: () => full(),
    'throttled twice': () => full(2),
    broken: () => everywhere('CKR_DEVICE_ERROR', ['C_SignInit', 'C_OpenSession', 'C_FindObjectsInit']),
    silent: () => {
      token.silent = true;
    },
    down: () => {
      token.present = false;
      token.reset();
    },
  };
  return {
    open: (options) => token.open(options),
    fault: (fault) => (fault === undefined ? token.failing.clear() : faults[fault]?.()),
    faults: Object.keys(faults) as RemoteKeyFault[],
    permission: { read: /PIN/, sign: /CKA_SIGN/ },
    signRequests: () => token.count('C_SignInit') + token.count('C_OpenSession'),
    secrets: [PIN],
  };
});

describe('a PIN', () => {
  test('that is wrong is asked of the token once, whoever comes with whatever PIN', async () => {
    const token = new FakeToken();
    const refusals = await Promise.all(Array.from({ length: 10 }, () => refusal(token.open({}, 'marlinspike'))));
    expect(new Set(refusals).size).toBe(1);
    expect(refusals[0]).toMatchObject({ code: 'configuration', message: expect.stringMatching(/wrong .*not tried again/) });
    expect(await refusal(token.open())).toBe(refusals[0]);
    expect(token.count('C_Login')).toBe(1);
  });

  test.each([
    ['has one try left', CKF.pinFinalTry, /one try of its PIN left/],
    ['is locked', CKF.pinLocked, /is locked/],
  ])('is not tried where it %s', async (_, flag, message) => {
    const token = new FakeToken();
    token.flags |= flag;
    expect(await refusal(token.open())).toMatchObject({ code: 'configuration', message: expect.stringMatching(message) });
    expect(token.count('C_Login')).toBe(0);
  });

  test('is not tried again where the login itself failed', async () => {
    const token = new FakeToken();
    token.fail('C_Login', 'CKR_DEVICE_ERROR');
    expect(await refusal(token.open())).toMatchObject({ code: 'unreachable' });
    expect(token.count('C_Login')).toBe(1);
  });

  test('is asked for at each signature by a key that wants it, and once where it has become wrong', async () => {
    const token = new FakeToken();
    token.alwaysAuthenticate = true;
    const signer = await token.open({ publicKey: token.shown });
    expect([await signs(signer), await signs(signer), token.count('C_Login')]).toEqual([true, true, 3]);
    token.fail('C_Login', 'CKR_PIN_INCORRECT');
    const refusals = await Promise.all(Array.from({ length: 8 }, () => refusal(signs(signer))));
    expect(refusals[0]?.message).toMatch(/PIN of the token "fake" is wrong/);
    expect(token.count('C_Login')).toBe(4);
  });
});

describe('a token that was reset', () => {
  test('is logged into again, and all who were signing go on', async () => {
    const token = new FakeToken();
    const signer = await token.open();
    await Promise.all(Array.from({ length: 8 }, () => signs(signer)));
    for (let time = 0; time < 3; time++) {
      token.reset();
      const signed = await Promise.all(Array.from({ length: 40 }, () => signs(signer)));
      expect(signed).not.toContain(false);
    }
    expect(token.sessions.size).toBeLessThanOrEqual(4);
  });

  test('and has another key by then signs nothing', async () => {
    const token = new FakeToken();
    const signer = await token.open();
    token.shown = freshKeys().publicKey;
    token.reset();
    expect(await refusal(signs(signer))).toMatchObject({ code: 'configuration', message: expect.stringMatching(/replaced/) });
  });

  test('again and again is given up after one more try', async () => {
    const token = new FakeToken();
    const signer = await token.open();
    token.fail('C_SignInit', 'CKR_DEVICE_REMOVED');
    const before = token.count('C_SignInit');
    expect(await refusal(signs(signer))).toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/CKR_DEVICE_REMOVED/),
    });
    expect(token.count('C_SignInit') - before).toBe(2);
  });
});

describe('a signer', () => {
  test('is not opened on a key that does not belong to the public key beside it', async () => {
    const token = new FakeToken();
    token.shown = freshKeys().publicKey;
    expect((await refusal(token.open())).message).toMatch(/does not belong to the public key/);
  });

  test.each([
    ['CKR_MECHANISM_INVALID', 'configuration'],
    ['CKR_FUNCTION_FAILED', 'unreachable'],
    ['CKR_VENDOR_DEFINED', 'configuration'],
  ])('says what the token answered (%s) as something to put right or to wait for', async (code, kind) => {
    const token = new FakeToken();
    const signer = await token.open();
    token.fail('C_SignAsync', code);
    const error = await refusal(signs(signer));
    expect(error).toMatchObject({ code: kind, where: reference.text, message: expect.stringContaining(code) });
    expect(error.next).toMatch(/./);
  });

  test('that nobody waits for any longer leaves its sessions to others when they come back', async () => {
    const token = new FakeToken();
    const signer = await token.open({ deadlineMs: 50 });
    token.silent = true;
    await Promise.all(Array.from({ length: 4 }, () => refusal(signs(signer))));
    token.silent = false;
    expect(await refusal(signs(signer))).toMatchObject({ code: 'unreachable', message: expect.stringContaining('0.05 s') });
  });
});
