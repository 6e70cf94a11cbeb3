import { createPkcs11Signer } from '@signwright/signer-pkcs11';
import { type Pkcs11Reference, parseKeyReference, type Signer, sha256 } from '@signwright/signing-core';
import pkcs11 from 'pkcs11js';
import { makeSoftHsm, type SoftHsm } from '../softhsm.ts';
import { median, type Row } from './measure.ts';

const SIGNATURES = 1_000;
const AT_ONCE = 32;
const ROUNDS = 15;
const CKM_ECDSA = 0x1041;
const CKM_RSA_PKCS = 1;
const DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

type Sign = (digest: Buffer) => Promise<unknown>;

/** 1,000 signatures by a SoftHSM key through our signer, against raw pkcs11js with a session for each of those at work. */
export async function softHsm(): Promise<Row[]> {
  const keys = [
    { label: 'p256', id: '01', type: 'p256' },
    { label: 'rsa2048', id: '02', type: 'rsa2048' },
  ] as const;
  const hsm = makeSoftHsm([{ label: 'bench', keys }]);
  process.env['SOFTHSM2_CONF'] = hsm.configuration;
  try {
    const rows: Row[] = [];
    for (const { label } of keys) rows.push(await compareSigning(hsm, label));
    return rows;
  } finally {
    delete process.env['SOFTHSM2_CONF'];
    hsm.remove();
  }
}

async function compareSigning(hsm: SoftHsm, label: 'p256' | 'rsa2048'): Promise<Row> {
  const reference = parseKeyReference(`pkcs11:token=bench;object=${label}?module-path=${hsm.library}`) as Pkcs11Reference;
  const environment = { SIGNWRIGHT_PKCS11_PIN: hsm.pin };
  const pinned = await (await createPkcs11Signer(reference, { environment })).publicKey();
  const signer = await createPkcs11Signer(reference, { environment, publicKey: pinned });
  const ours = ourSigning(signer, label);
  const theirs = rawSigning(hsm, label);
  const taken = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 0; round <= ROUNDS; round++) {
    const one = await timeOf(Array.from({ length: AT_ONCE }, () => ours));
    const other = await timeOf(theirs);
    // The first round warms both up.
    if (round === 0) continue;
    taken.ours.push(one);
    taken.theirs.push(other);
  }
  return {
    what: `1,000 signatures by ${label} on SoftHSM, ${AT_ONCE} at once`,
    ours: median(taken.ours),
    theirs: median(taken.theirs),
    against: 'raw pkcs11js',
    goal: { atMost: 1.3 },
  };
}

function ourSigning(signer: Signer, label: 'p256' | 'rsa2048'): Sign {
  const algorithm = label === 'p256' ? 'ecdsa-p256-sha256' : 'rsa-pkcs1-sha256';
  return (digest) => signer.sign({ algorithm, digest });
}

/** One signing function a session. The library is initialised and logged in already: that is a process's, not a caller's. */
function rawSigning(hsm: SoftHsm, label: 'p256' | 'rsa2048'): Sign[] {
  const cryptoki = new pkcs11.PKCS11();
  cryptoki.load(hsm.library);
  const slot = cryptoki.C_GetSlotList(true).find((one) => one.readUInt32LE(0) === hsm.tokens[0]?.slot) as Buffer;
  return Array.from({ length: AT_ONCE }, () => {
    const session = cryptoki.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION);
    cryptoki.C_FindObjectsInit(session, [
      { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_PRIVATE_KEY },
      { type: pkcs11.CKA_LABEL, value: label },
    ]);
    const key = cryptoki.C_FindObjects(session) as Buffer;
    cryptoki.C_FindObjectsFinal(session);
    const buffer = Buffer.alloc(512);
    return async (digest) => {
      const data = label === 'p256' ? digest : Buffer.concat([DIGEST_INFO, digest]);
      cryptoki.C_SignInit(session, { mechanism: label === 'p256' ? CKM_ECDSA : CKM_RSA_PKCS }, key);
      await cryptoki.C_SignAsync(session, data, buffer);
      return data;
    };
  });
}

/** Milliseconds for 1,000 signatures, each of these at work on one at a time. */
async function timeOf(signing: readonly Sign[]): Promise<number> {
  const digests = Array.from({ length: SIGNATURES }, (_, index) =>
    Buffer.from(sha256(Buffer.from(`${index}`)).slice(-64), 'hex'),
  );
  const started = performance.now();
  await Promise.all(
    signing.map(async (sign) => {
      for (let next = digests.pop(); next !== undefined; next = digests.pop()) await sign(next);
    }),
  );
  return performance.now() - started;
}
