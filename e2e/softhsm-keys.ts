// node e2e/softhsm-keys.ts LIBRARY PIN: makes keys on the tokens that standard input names, and prints the tokens' serial numbers.
// A process of its own, so that whoever signs with them initialises the library itself.
import { createPrivateKey } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { Handle, Template } from 'pkcs11js';
import pkcs11 from 'pkcs11js';
import type { KeySpec } from './softhsm.ts';

const [library = '', pin = ''] = process.argv.slice(2);
const tokens = JSON.parse(await text(process.stdin)) as { slot: number; keys: KeySpec[] }[];

const CURVES: Readonly<Record<string, string>> = {
  p256: '06082a8648ce3d030107',
  p384: '06052b81040022',
  secp256k1: '06052b8104000a',
  ed25519: '130c656477617264733235353139',
};
const EDWARDS_GENERATION = 0x1055;

const cryptoki = new pkcs11.PKCS11();
cryptoki.load(library);
cryptoki.C_Initialize();
const slots = cryptoki.C_GetSlotList(true);
const serials = tokens.map(({ slot, keys }) => {
  const handle = slots.find((one) => one.readUInt32LE(0) === slot) as Handle;
  const session = cryptoki.C_OpenSession(handle, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
  cryptoki.C_Login(session, pkcs11.CKU_USER, pin);
  for (const key of keys) makeKey(session, key);
  cryptoki.C_Logout(session);
  return cryptoki.C_GetTokenInfo(handle).serialNumber.trim();
});
cryptoki.C_Finalize();
console.log(JSON.stringify(serials));

function makeKey(session: Handle, key: KeySpec): void {
  const named: Template = [
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_LABEL, value: key.label },
    { type: pkcs11.CKA_ID, value: Buffer.from(key.id, 'hex') },
  ];
  const secret: Template = [
    ...named,
    { type: pkcs11.CKA_PRIVATE, value: true },
    { type: pkcs11.CKA_SIGN, value: key.sign !== false },
    { type: pkcs11.CKA_ALWAYS_AUTHENTICATE, value: key.alwaysAuthenticate === true },
  ];
  if (key.pem === undefined) {
    const pair = generate(session, key.type, named, secret);
    if (key.publicObject === false) cryptoki.C_DestroyObject(session, pair.publicKey);
  } else importP256(session, key.pem, secret);
  if (key.certificate === undefined) return;
  cryptoki.C_CreateObject(session, [
    ...named,
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_CERTIFICATE },
    { type: pkcs11.CKA_CERTIFICATE_TYPE, value: pkcs11.CKC_X_509 },
    { type: pkcs11.CKA_SUBJECT, value: Buffer.from('3000', 'hex') },
    { type: pkcs11.CKA_VALUE, value: Buffer.from(key.certificate, 'base64') },
  ]);
}

function generate(session: Handle, type: string, named: Template, secret: Template): { publicKey: Handle; privateKey: Handle } {
  if (type.startsWith('rsa')) {
    const size: Template = [
      { type: pkcs11.CKA_MODULUS_BITS, value: Number(type.slice(3)) },
      { type: pkcs11.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
    ];
    return cryptoki.C_GenerateKeyPair(session, { mechanism: pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN }, [...named, ...size], secret);
  }
  const mechanism = type === 'ed25519' ? EDWARDS_GENERATION : pkcs11.CKM_EC_KEY_PAIR_GEN;
  const curve = { type: pkcs11.CKA_EC_PARAMS, value: Buffer.from(CURVES[type] as string, 'hex') };
  return cryptoki.C_GenerateKeyPair(session, { mechanism }, [...named, curve], secret);
}

/** The private key alone. */
function importP256(session: Handle, pem: string, secret: Template): void {
  const { d } = createPrivateKey(pem).export({ format: 'jwk' });
  cryptoki.C_CreateObject(session, [
    ...secret,
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_EC },
    { type: pkcs11.CKA_EC_PARAMS, value: Buffer.from(CURVES['p256'] as string, 'hex') },
    { type: pkcs11.CKA_VALUE, value: Buffer.from(d ?? '', 'base64url') },
  ]);
}
