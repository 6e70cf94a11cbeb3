import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peer } from './peers.ts';

/** A key to make on a token; generated there, unless its PEM is given. */
export type KeySpec = {
  readonly label: string;
  /** CKA_ID in hex. */
  readonly id: string;
  /** Of an imported key: p256. */
  readonly type: 'p256' | 'p384' | 'secp256k1' | 'ed25519' | 'rsa1024' | 'rsa2048' | 'rsa4096';
  /** CKA_SIGN; true unless told. */
  readonly sign?: boolean;
  readonly alwaysAuthenticate?: boolean;
  /** Whether its public key is an object too; an imported key's never is. */
  readonly publicObject?: boolean;
  /** A private key in PKCS#8, to import. */
  readonly pem?: string;
  /** A certificate in DER, base64, to put beside it. */
  readonly certificate?: string;
};

export type SoftToken = { readonly label: string; readonly slot: number; readonly serial: string };

/** A directory of software tokens. */
export type SoftHsm = {
  /** The PKCS#11 library. */
  readonly library: string;
  readonly directory: string;
  /** Where the tokens are. */
  readonly tokenDirectory: string;
  /** The file that SOFTHSM2_CONF names for whoever uses these tokens. */
  readonly configuration: string;
  /** Of each token. */
  readonly pin: string;
  /** In the order they were asked for. */
  readonly tokens: readonly SoftToken[];
  remove(): void;
};

const LIBRARIES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];

/** SoftHSM's PKCS#11 library, beside its program or where distributions put it. */
function softHsmLibrary(): string {
  const beside = join(dirname(peer('softhsm2-util')), '../lib/softhsm/libsofthsm2.so');
  const found = [beside, ...LIBRARIES].find((path) => existsSync(path));
  if (found === undefined) throw new Error(`softhsm2-util is there, and libsofthsm2.so is in none of ${LIBRARIES.join(', ')}`);
  return found;
}

/** Fresh tokens with keys, made by other processes: a library reads its directory when it is initialised. */
export function makeSoftHsm(tokens: readonly { readonly label: string; readonly keys: readonly KeySpec[] }[]): SoftHsm {
  const library = softHsmLibrary();
  const directory = mkdtempSync(join(tmpdir(), 'signwright-softhsm-'));
  const [tokenDirectory, configuration] = [join(directory, 'tokens'), join(directory, 'softhsm2.conf')];
  mkdirSync(tokenDirectory, { mode: 0o700 });
  writeFileSync(configuration, `directories.tokendir = ${tokenDirectory}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  const env = { ...process.env, SOFTHSM2_CONF: configuration };
  const pin = '7294-salamander';
  const slots = tokens.map(({ label }) => {
    const args = ['--init-token', '--free', '--label', label, '--so-pin', 'officer-5521', '--pin', pin];
    const said = execFileSync(peer('softhsm2-util'), args, { env, encoding: 'utf8' });
    return Number(/slot (\d+)\s*$/.exec(said)?.[1]);
  });
  const input = JSON.stringify(tokens.map(({ keys }, index) => ({ slot: slots[index], keys })));
  const script = fileURLToPath(new URL('softhsm-keys.ts', import.meta.url));
  const serials = JSON.parse(
    execFileSync(process.execPath, [script, library, pin], { env, input, encoding: 'utf8' }),
  ) as string[];
  return {
    library,
    directory,
    tokenDirectory,
    configuration,
    pin,
    tokens: tokens.map(({ label }, index) => ({ label, slot: slots[index] as number, serial: serials[index] as string })),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
