// node --conditions=source e2e/ca-process.ts ACTION DIRECTORY [SERIALS OR DIGEST]: what a CA does, in a process of its own.
// KILL_AT: ends itself by SIGKILL at that step: before and after each write and each signature, from 0.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { change, claimRenewal, issueCertificate, makeCrl, type OwnAuthority, openJournal } from '@signwright/certificates';
import { type BlobStore, parseCertificate, type Sha256, type Signer, sha256, signWithKey } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { testCertificateRequest } from '@signwright/testkit';

const [action, directory = '', subject = ''] = process.argv.slice(2);
const read = (name: string): Buffer => readFileSync(join(directory, name));
const killAt = Number(process.env['KILL_AT'] ?? 'NaN');
let steps = 0;

function step(): void {
  if (steps++ === killAt) process.kill(process.pid, 'SIGKILL');
}

async function stepping<T>(work: () => Promise<T>): Promise<T> {
  step();
  const result = await work();
  step();
  return result;
}

const store = createDirectoryStore(join(directory, 'store'));
const blobs: BlobStore = { ...store, putIfAbsent: (key, bytes) => stepping(() => store.putIfAbsent(key, bytes)) };
const journal = openJournal(blobs);
const key = createPrivateKey(read('ca.key'));
const signer: Signer = {
  publicKey: async () => createPublicKey(key),
  certificate: async () => undefined,
  sign: (request) =>
    stepping(async () => {
      // What is signed may be out in the world, whatever becomes of this process.
      appendFileSync(join(directory, 'signed'), `${Buffer.from(request.message ?? '').toString('hex')}\n`);
      return signWithKey(key, request);
    }),
};
const chain = ['ca.der', 'root.der'].map((name) => parseCertificate(read(name)));
const [certificate] = chain;
if (certificate === undefined) throw new Error('no CA');
const ca: OwnAuthority = { id: 'acme', signer, certificate, chain, crlLifetime: 604_800 };
const now = new Date();

const ACTIONS: Readonly<Record<string, () => Promise<unknown>>> = {
  issue: async () => {
    const wanted = {
      csr: testCertificateRequest(),
      profile: 'ci',
      validity: 86_400,
      keys: ['ecdsa-p256'],
      san: { type: 'uri', value: 'https://gitlab.acme.example/acme/app//.gitlab-ci.yml@refs/heads/main' },
      issuer: 'https://gitlab.acme.example',
      claims: {},
      owner: 'platform@acme.example',
      purpose: 'CI jobs',
      requester: 'ci',
    } as const;
    return (await issueCertificate(ca, { blobs, journal }, wanted, now)).serial;
  },
  revoke: async () => {
    const [at, order] = [now.toISOString(), sha256(Buffer.from('an order'))];
    const about = { type: 'revoked', at, authority: ca.id, reason: 'keyCompromise', by: 'ann', order } as const;
    await change(journal, () => ({ events: subject.split(',').map((serial) => ({ ...about, serial })) }));
    return subject;
  },
  crl: async () => (await makeCrl(ca, { blobs, journal }, now)).number,
  renew: async () => {
    const until = new Date(now.getTime() + 60_000);
    return (await claimRenewal({ blobs, journal }, subject as Sha256, String(process.pid), until, now)).claimed;
  },
};

const result = await ACTIONS[action ?? '']?.();
console.log(JSON.stringify({ result, steps }));
