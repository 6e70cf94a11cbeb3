import { SignwrightError } from './error.ts';

/** An AWS KMS key. */
export type AwsKmsReference = {
  readonly scheme: 'awskms';
  readonly text: string;
  /** The origin to ask instead of AWS; http on this machine only. */
  readonly endpoint?: string;
  /** `alias/NAME`, a key id, or an ARN of either. */
  readonly key: string;
  /** Where an ARN or `?region=` says it; else the environment does. */
  readonly region?: string;
};

/** A version of a Google Cloud KMS key. */
export type GoogleKmsReference = {
  readonly scheme: 'gcpkms';
  readonly text: string;
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N` */
  readonly version: string;
};

/** A key of an Azure Key Vault or Managed HSM. */
export type AzureKeyReference = {
  readonly scheme: 'azurekms';
  readonly text: string;
  /** The vault's origin. */
  readonly vault: string;
  readonly key: string;
  /** The newest where none is named. */
  readonly version?: string;
};

/** A key of a transit engine of HashiCorp Vault or OpenBao. */
export type VaultReference = {
  readonly scheme: 'hashivault';
  readonly text: string;
  readonly key: string;
  /** The newest where none is named. */
  readonly version?: number;
  /** The server's origin; else VAULT_ADDR says it. */
  readonly address?: string;
  /** Where the engine is mounted; `transit` unless named. */
  readonly mount: string;
  readonly namespace?: string;
  /** How to log in; `token` unless named. */
  readonly login: 'token' | 'jwt' | 'approle';
  /** Where the way to log in is mounted; its name unless named. */
  readonly loginMount: string;
  /** The role to log in as, by `jwt`. */
  readonly role?: string;
};

/** A private key on a PKCS#11 token (RFC 7512). */
export type Pkcs11Reference = {
  readonly scheme: 'pkcs11';
  readonly text: string;
  /** What the key and its token must be; of a key at least its `object` or `id`. */
  readonly token?: string;
  readonly manufacturer?: string;
  readonly model?: string;
  readonly serial?: string;
  readonly slotId?: number;
  readonly object?: string;
  /** CKA_ID. */
  readonly id?: Uint8Array;
  /** The shared library, an absolute path; else SIGNWRIGHT_PKCS11_MODULE names it. */
  readonly modulePath?: string;
  /** The file that holds the PIN; else SIGNWRIGHT_PKCS11_PIN holds it. */
  readonly pinSource?: string;
};

/** A private key in a file. */
export type FileReference = { readonly scheme: 'file'; readonly text: string; readonly path: string };

/** Where a private key stays. */
export type KeyReference =
  | AwsKmsReference
  | GoogleKmsReference
  | AzureKeyReference
  | VaultReference
  | Pkcs11Reference
  | FileReference;

const MAX_REFERENCE = 2000;

/**
 * Reads a key reference: `awskms://[HOST]/KEY[?region=R]`, `gcpkms://projects/…/cryptoKeyVersions/N`,
 * `azurekms://VAULT/KEY[/VERSION]`, `hashivault://KEY[?address=…&mount=…&login=…]`, `pkcs11:…` (RFC 7512), or a path. As cosign has
 * them, but for what follows a `?`, which says what cosign takes from the environment.
 *
 * @throws SignwrightError `configuration` that says what is wrong with it. No secret may stand in a reference, and none is shown.
 */
export function parseKeyReference(text: string): KeyReference {
  if (text.length > MAX_REFERENCE) throw off('a key reference', `it is longer than ${MAX_REFERENCE} characters`);
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return { scheme: 'file', text, path: text };
    case 'awskms':
      return readAws(text);
    case 'gcpkms':
      return readGoogle(text);
    case 'azurekms':
      return readAzure(text);
    case 'hashivault':
      return readVault(text);
    case 'pkcs11':
      return readPkcs11(text);
    default:
      throw off(
        text,
        `there is no scheme "${scheme}"`,
        'use awskms://, gcpkms://, azurekms://, hashivault://, pkcs11: or a path',
      );
  }
}

const AWS_KEY =
  /^(alias\/[A-Za-z0-9/_-]{1,250}|(mrk-)?[0-9a-f-]{32,40}|arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:(key|alias)\/[A-Za-z0-9/_-]+)$/;
const AWS_FORM = 'write awskms:///alias/NAME, awskms:///KEY-ID or awskms:///arn:aws:kms:REGION:ACCOUNT:key/KEY-ID';

function readAws(text: string): AwsKmsReference {
  const { path, values } = split(text, 'awskms://', ['region'], AWS_FORM);
  const slash = path.indexOf('/');
  const [host, key] = [path.slice(0, slash), path.slice(slash + 1)];
  const found = slash < 0 ? null : AWS_KEY.exec(key);
  if (!found) throw off(text, 'it names no key of AWS KMS', AWS_FORM);
  const region = found[3] ?? values.get('region');
  if (region !== undefined && !/^[a-z0-9-]{1,40}$/.test(region)) throw off(text, 'its region is none', AWS_FORM);
  if (found[3] !== undefined && (values.get('region') ?? found[3]) !== found[3])
    throw off(text, `the ARN is of ${found[3]}, and region says another`, 'leave region out');
  return {
    scheme: 'awskms',
    text,
    key,
    ...(host === '' ? {} : { endpoint: originOf(text, host) }),
    ...(region === undefined ? {} : { region }),
  };
}

const GOOGLE =
  /^(projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+)\/(?:cryptoKeyVersions|versions)\/([1-9]\d{0,9})$/;
const GOOGLE_FORM = 'write gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N, with the version';

function readGoogle(text: string): GoogleKmsReference {
  const { path } = split(text, 'gcpkms://', [], GOOGLE_FORM);
  const found = GOOGLE.exec(path);
  if (!found || !/^[\w./:-]+$/.test(path)) throw off(text, 'it names no version of a key of Google Cloud KMS', GOOGLE_FORM);
  return { scheme: 'gcpkms', text, version: `${found[1]}/cryptoKeyVersions/${found[2]}` };
}

const AZURE_FORM = 'write azurekms://VAULT.vault.azure.net/KEY/VERSION';

function readAzure(text: string): AzureKeyReference {
  const { path } = split(text, 'azurekms://', [], AZURE_FORM);
  const [host = '', key = '', version, ...rest] = path.split('/');
  const named = /^[A-Za-z0-9-]{1,127}$/;
  if (host === '' || !named.test(key) || rest.length > 0 || (version !== undefined && !/^[0-9a-f]{32}$/.test(version)))
    throw off(text, 'it names no key of an Azure Key Vault', AZURE_FORM);
  return { scheme: 'azurekms', text, vault: originOf(text, host), key, ...(version === undefined ? {} : { version }) };
}

const VAULT_FORM = 'write hashivault://KEY?address=https://vault.example&mount=transit&login=jwt&role=ROLE';
const VAULT_OPTIONS = ['address', 'mount', 'version', 'namespace', 'login', 'login-mount', 'role'];
const MOUNT = /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+){0,7}$/;

function readVault(text: string): VaultReference {
  const { path: key, values } = split(text, 'hashivault://', VAULT_OPTIONS, VAULT_FORM);
  if (!/^[A-Za-z0-9_.-]{1,200}$/.test(key) || /^\.+$/.test(key))
    throw off(text, 'it names no key of a transit engine', VAULT_FORM);
  const [address, version, namespace, role] = ['address', 'version', 'namespace', 'role'].map((name) => values.get(name));
  const login = values.get('login') ?? 'token';
  if (login !== 'token' && login !== 'jwt' && login !== 'approle')
    throw off(text, `there is no login "${login}"`, 'use login=token, login=jwt or login=approle');
  const mount = values.get('mount') ?? 'transit';
  const loginMount = values.get('login-mount') ?? login;
  for (const one of [mount, loginMount, namespace ?? 'root'])
    if (!MOUNT.test(one)) throw off(text, `"${one}" is no path of a mount`, VAULT_FORM);
  if (version !== undefined && !/^[1-9]\d{0,8}$/.test(version)) throw off(text, 'its version is no number', VAULT_FORM);
  if (login === 'jwt' && !/^[\w.-]{1,200}$/.test(role ?? '')) throw off(text, 'login=jwt names no role', VAULT_FORM);
  if (login === 'jwt' && address === undefined)
    throw off(text, 'login=jwt names no address, and an ID token goes only where the policy says', VAULT_FORM);
  return {
    scheme: 'hashivault',
    text,
    key,
    mount,
    login,
    loginMount,
    ...(version === undefined ? {} : { version: Number(version) }),
    ...(address === undefined ? {} : { address: originOf(text, address.replace(/^https?:\/\//, ''), address) }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(role === undefined ? {} : { role }),
  };
}

const PKCS11_FORM =
  'write pkcs11:token=TOKEN;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin';
const PKCS11_PATH = ['token', 'manufacturer', 'model', 'serial', 'slot-id', 'object', 'id', 'type'];
const PKCS11_QUERY = ['module-path', 'pin-source'];

/**
 * Reads a `pkcs11:` reference (RFC 7512) to a token, or to what it has by a label or an id.
 *
 * @throws SignwrightError `configuration` that says what is wrong with it.
 */
export function parseTokenReference(text: string): Pkcs11Reference {
  if (text.length > MAX_REFERENCE) throw off('a pkcs11: reference', `it is longer than ${MAX_REFERENCE} characters`);
  if (!text.startsWith('pkcs11:')) throw off(text, 'it does not begin with pkcs11:', PKCS11_FORM);
  return readPkcs11(text, ['private', 'cert']);
}

/** RFC 7512, 2.3; what selects nothing here (library-…, module-name) and PINs themselves are refused. */
function readPkcs11(text: string, types?: readonly string[]): Pkcs11Reference {
  const [path = '', query, ...rest] = text.slice('pkcs11:'.length).split('?');
  if (rest.length > 0) throw off('a pkcs11: reference', 'it has two "?"', PKCS11_FORM);
  const known = attributes(path, ';', PKCS11_PATH);
  const asked = attributes(query ?? '', '&', PKCS11_QUERY);
  const textOf = (name: string): string | undefined => known.get(name)?.toString('utf8');
  if (types === undefined && known.get('id') === undefined && known.get('object') === undefined)
    throw off(text, 'it names no key: neither object nor id', PKCS11_FORM);
  if (!(types ?? ['private']).includes(textOf('type') ?? 'private')) throw off(text, 'its type is not private', PKCS11_FORM);
  const slot = textOf('slot-id');
  if (slot !== undefined && !/^\d{1,10}$/.test(slot)) throw off(text, 'its slot-id is no number', PKCS11_FORM);
  const modulePath = asked.get('module-path')?.toString('utf8');
  if (modulePath !== undefined && (!modulePath.startsWith('/') || modulePath.includes('\0')))
    throw off(text, 'its module-path is not an absolute path', PKCS11_FORM);
  const pin = asked.get('pin-source')?.toString('utf8');
  const pinSource = pin?.replace(/^file:(\/\/)?(?=\/)/, '');
  if (pinSource !== undefined && (!pinSource.startsWith('/') || pinSource.includes('\0')))
    throw off(text, 'its pin-source is no absolute path of a file', PKCS11_FORM);
  const strings = ['token', 'manufacturer', 'model', 'serial', 'object'] as const;
  return {
    scheme: 'pkcs11',
    text,
    ...Object.fromEntries(strings.flatMap((name) => (known.has(name) ? [[name, textOf(name)]] : []))),
    ...(slot === undefined ? {} : { slotId: Number(slot) }),
    ...(known.has('id') ? { id: known.get('id') as Buffer } : {}),
    ...(modulePath === undefined ? {} : { modulePath }),
    ...(pinSource === undefined ? {} : { pinSource }),
  };
}

function attributes(part: string, separator: string, allowed: readonly string[]): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const pair of part === '' ? [] : part.split(separator)) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(equals, 0));
    if (name === 'pin-value')
      throw off(
        'a pkcs11: reference',
        'it holds a PIN (pin-value), which would be read by whoever reads the policy',
        PKCS11_FORM,
      );
    if (!allowed.includes(name))
      throw off('a pkcs11: reference', `"${name.slice(0, 40)}" is none of ${allowed.join(', ')}`, PKCS11_FORM);
    if (found.has(name)) throw off('a pkcs11: reference', `it says ${name} twice`, PKCS11_FORM);
    found.set(name, percentDecoded(pair.slice(equals + 1)));
  }
  return found;
}

function percentDecoded(value: string): Buffer {
  if (!/^(?:[\w.~:[\]@!$'()*+,=/ -]|%[0-9a-fA-F]{2})*$/.test(value))
    throw off('a pkcs11: reference', 'a value has characters that must be percent-encoded', PKCS11_FORM);
  return Buffer.from(
    value.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

/** What stands between scheme and `?`, and what after it says, each once. */
function split(
  text: string,
  start: string,
  allowed: readonly string[],
  form: string,
): { path: string; values: ReadonlyMap<string, string> } {
  if (!text.startsWith(start)) throw off(text, `it does not begin with ${start}`, form);
  const [path = '', query, ...rest] = text.slice(start.length).split('?');
  if (rest.length > 0) throw off(text, 'it has two "?"', form);
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query ?? '')) {
    if (!allowed.includes(name)) throw off(text, `nothing here is called "${name}"`, form);
    if (values.has(name)) throw off(text, `it says ${name} twice`, form);
    values.set(name, value);
  }
  return { path, values };
}

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/;

/** https, but for this machine, where it is as `written`, else http. */
function originOf(text: string, host: string, written?: string): string {
  const plain = written === undefined ? LOOPBACK.test(host) : written.startsWith('http://');
  const url = `${plain ? 'http' : 'https'}://${host}`;
  const sound = /^[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-fA-F:]+\](:\d{1,5})?$/.test(host) && URL.canParse(url);
  if (!sound) throw off(text, 'it names no host', 'write a host, with a port where it needs one');
  if (plain && !LOOPBACK.test(host))
    throw off(text, `it would speak http to ${host}`, 'use https; http is for this machine alone');
  return url;
}

function off(text: string, why: string, next?: string): SignwrightError {
  return new SignwrightError('configuration', `${shown(text)}: ${why}`, next === undefined ? {} : { next });
}

/** As much of a reference as can hold no secret: what is no reference may be one that somebody put a password into. */
function shown(text: string): string {
  const path = text.split('?', 1)[0] ?? '';
  return text.includes('@') || text.includes('pin-value') || path.length > 300 ? 'a key reference' : path;
}
