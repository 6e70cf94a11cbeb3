import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Environment,
  Refused,
  SignwrightError,
  type SshPublicKey,
  unarmorSshSignature,
  verifySshSignature,
} from '@signwright/signing-core';
import { askingEnvironment, canAsk, hasTerminal } from './asking.ts';
import { explain } from './explain.ts';
import { readPublicHalf } from './public-half.ts';
import { type Ran, runOpenssh } from './run-openssh.ts';

/** Signs as a person. */
export type SshSigner = {
  readonly publicKey: SshPublicKey;
  /**
   * A binary SSH signature (OpenSSH PROTOCOL.sshsig) over a message, for a namespace such as a statement's predicate type. The person
   * may be asked for a passphrase or a PIN, and to touch a security key. It was verified before it is returned.
   *
   * @throws SignwrightError `configuration` that says why there is none and what to do, `unreachable` where nobody answered in time,
   * `verification` where what was made does not hold, `cancelled` where the person stopped it.
   */
  sign(message: Uint8Array, namespace: string): Promise<Uint8Array>;
};

export type SshSignerOptions = {
  /**
   * The path of a private key with its `.pub` beside it; or of a `.pub` whose private half an agent holds; or such a public key itself,
   * as listAgentKeys gives it.
   */
  readonly key: string | SshPublicKey;
  readonly signal?: AbortSignal;
  /** `process.env`. The agent's address and how to ask come from it. */
  readonly environment?: Environment;
  /** Is told when a security key waits to be touched. */
  readonly tell?: (line: string) => void;
  /** How long the person may take, in milliseconds; three minutes. */
  readonly deadlineMs?: number;
};

const DEADLINE_MS = 180_000;

/**
 * A signer by the machine's own ssh-keygen, which opens the private key, talks to the agent or to the security key, and asks the person
 * at the terminal or by SSH_ASKPASS. Nothing of a private key, a passphrase or a PIN passes through here.
 *
 * @throws SignwrightError `configuration` where there is no such key, or it is none whose signatures count.
 */
export async function createSshSigner(options: SshSignerOptions): Promise<SshSigner> {
  const { key, signal, environment = process.env, tell, deadlineMs = DEADLINE_MS } = options;
  const publicKey = typeof key === 'string' ? await readPublicHalf(key) : key;
  const where = typeof key === 'string' ? key : key.fingerprint;

  async function sign(message: Uint8Array, namespace: string): Promise<Uint8Array> {
    const terminal = hasTerminal();
    const asking = askingEnvironment(environment, terminal);
    const ran = await withKeyFile(key, (file) =>
      runOpenssh('ssh-keygen', ['-Y', 'sign', '-n', namespace, '-f', file], {
        environment: asking,
        input: message,
        deadlineMs,
        signal,
        heard: (text) => pass(text, tell),
      }),
    );
    if (ran.status !== 0) {
      throw await explain({ ran, where, publicKey, environment, signal, asked: canAsk(environment, terminal) });
    }
    return checked(ran, { message, namespace, publicKey, where });
  }
  return { publicKey, sign };
}

/** ssh-keygen takes keys from files alone. */
async function withKeyFile(key: string | SshPublicKey, use: (file: string) => Promise<Ran>): Promise<Ran> {
  if (typeof key === 'string') return use(key);
  const directory = await mkdtemp(join(tmpdir(), 'signwright-ssh-'));
  try {
    const file = join(directory, 'key.pub');
    await writeFile(file, `${key.line}\n`);
    return await use(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function pass(text: string, tell: ((line: string) => void) | undefined): void {
  for (const line of text.split('\n')) if (line.startsWith('Confirm user presence')) tell?.(line);
}

type Expected = { message: Uint8Array; namespace: string; publicKey: SshPublicKey; where: string };

function checked({ stdout }: Ran, { message, namespace, publicKey, where }: Expected): Uint8Array {
  try {
    const blob = unarmorSshSignature(stdout);
    verifySshSignature(blob, message, { namespace, key: publicKey });
    return blob;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.refusal !== 'user-not-verified') {
      throw new SignwrightError('verification', `what ssh-keygen signed does not count: ${error.message}`, {
        where,
        cause: error,
      });
    }
    throw new SignwrightError('configuration', error.message, {
      where,
      next: 'make a key that asks for its PIN and a touch at every signature, and have it listed in the policy: ssh-keygen -t ed25519-sk -O verify-required',
      cause: error,
    });
  }
}
