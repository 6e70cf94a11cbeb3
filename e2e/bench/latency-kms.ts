// node e2e/bench/latency-kms.ts MILLISECONDS: what AWS KMS answers to GetPublicKey and Sign, that much later. Prints its port. Nothing is
// signed: every Sign is answered with one signature, so that the time is the client's and the wait's.
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const milliseconds = Number(process.argv[2]);
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const KeyId = 'arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const answers: Readonly<Record<string, string>> = {
  'TrentService.GetPublicKey': JSON.stringify({
    KeyId,
    KeySpec: 'ECC_NIST_P256',
    KeyUsage: 'SIGN_VERIFY',
    PublicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    SigningAlgorithms: ['ECDSA_SHA_256'],
  }),
  'TrentService.Sign': JSON.stringify({
    KeyId,
    Signature: sign('sha256', Buffer.from('bench'), privateKey).toString('base64'),
    SigningAlgorithm: 'ECDSA_SHA_256',
  }),
};

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    const answer = answers[String(request.headers['x-amz-target'])] ?? '{}';
    setTimeout(() => response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(answer), milliseconds);
  });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
