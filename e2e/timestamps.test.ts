import type { Workspace } from '@signwright/testkit';
import { expect, it } from 'vitest';
import { describePeer, peer } from './peers.ts';
import { BY_CERTIFICATE, createTrial, freePort, policyOf, runPeer, startServer, TRIAL_IDENTITY, TRUST_ROOT } from './scenario.ts';

/** The parts of a Sigstore bundle that a timestamp is about. */
type BundleFile = {
  verificationMaterial: { timestampVerificationData: { rfc3161Timestamps: { signedTimestamp: string }[] } };
  messageSignature: { signature: string };
};

/** A timestamp authority of the real program, with a chain made by openssl, trusted beside the trial's. */
async function startAuthority(at: Workspace): Promise<string> {
  const openssl = async (...args: string[]): Promise<void> => {
    const { status, stderr } = await runPeer(at, peer('openssl'), args);
    if (status !== 0) throw new Error(stderr);
  };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...curve,
    '-keyout',
    'root.key',
    '-out',
    'root.pem',
    '-days',
    '2',
    '-subj',
    '/CN=e2e timestamp root',
  );
  await openssl('req', ...curve, '-keyout', 'tsa.key', '-out', 'tsa.csr', '-subj', '/CN=e2e timestamp authority');
  at.write(
    'tsa.ext',
    'keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\nbasicConstraints=critical,CA:FALSE\n',
  );
  const sign = ['x509', '-req', '-in', 'tsa.csr', '-CA', 'root.pem', '-CAkey', 'root.key', '-CAcreateserial', '-days', '1'];
  await openssl(...sign, '-extfile', 'tsa.ext', '-out', 'leaf.pem');
  at.write('tsa.pem', `${at.read('leaf.pem')}${at.read('root.pem')}`);
  await openssl('pkcs8', '-topk8', '-nocrypt', '-in', 'tsa.key', '-out', 'tsa.p8');
  const trusted = await at.run(['trust', 'add', TRUST_ROOT, '--timestamp-authority', 'tsa.pem']);
  if (trusted.status !== 0) throw new Error(trusted.stderr);

  const port = await freePort();
  const files = [
    '--timestamp-signer',
    'file',
    '--file-signer-key-path',
    at.path('tsa.p8'),
    '--certificate-chain-path',
    at.path('tsa.pem'),
  ];
  await startServer(
    peer('timestamp-server'),
    ['serve', '--host', '127.0.0.1', '--port', String(port), ...files, '--disable-ntp-monitoring'],
    port,
  );
  return `http://127.0.0.1:${port}/api/v1/timestamp`;
}

describePeer('openssl', 'timestamps, as openssl reads them', () => {
  it('openssl ts -verify accepts the timestamp of a signature, and not for another one', async () => {
    const at = await createTrial(BY_CERTIFICATE);
    expect(await at.run(['sign'])).toMatchObject({ status: 0 });
    const bundle = JSON.parse(at.read('dist/app.tgz.sigstore.json')) as BundleFile;
    const [timestamp] = bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps;
    at.write('response.tsr', Buffer.from(timestamp?.signedTimestamp ?? '', 'base64'));
    at.write('signature', Buffer.from(bundle.messageSignature.signature, 'base64'));
    const verify = ['ts', '-verify', '-in', 'response.tsr', '-CAfile', '.signwright/trial/trial-root.pem', '-data'];
    expect(await runPeer(at, peer('openssl'), [...verify, 'signature'])).toMatchObject({ status: 0 });
    expect((await runPeer(at, peer('openssl'), [...verify, 'key.pub'])).status).not.toBe(0);
  });
});

describePeer(['timestamp-server', 'openssl', 'cosign'], 'a real timestamp authority', () => {
  it('timestamps what we sign, and cosign believes it', async () => {
    const at = await createTrial(BY_CERTIFICATE);
    const url = await startAuthority(at);
    at.write('signwright.yaml', policyOf(BY_CERTIFICATE, `{ urls: ["${url}"] }`));
    expect(await at.run(['sign'])).toMatchObject({ status: 0 });
    const verified = await at.run(['verify']);
    expect(verified).toMatchObject({ status: 0 });
    const identity = ['--certificate-identity', TRIAL_IDENTITY];
    const flags = ['--use-signed-timestamps', '--insecure-ignore-tlog', '--insecure-ignore-sct', '--trusted-root', TRUST_ROOT];
    const issuer = ['--certificate-oidc-issuer', 'https://trial.signwright.invalid'];
    const verify = ['verify-blob', '--bundle', 'dist/app.tgz.sigstore.json', ...identity, ...issuer, ...flags, 'dist/app.tgz'];
    expect(await runPeer(at, peer('cosign'), verify)).toMatchObject({ status: 0 });
  });

  it('is asked when the first one is down, and the user is told', async () => {
    const at = await createTrial(BY_CERTIFICATE);
    const url = await startAuthority(at);
    const down = `http://127.0.0.1:${await freePort()}/`;
    at.write('signwright.yaml', policyOf(BY_CERTIFICATE, `{ urls: ["${down}", "${url}"] }`));
    const signed = await at.run(['sign']);
    expect(signed).toMatchObject({ status: 0 });
    expect(signed.stderr).toContain(down);
    expect(await at.run(['verify'])).toMatchObject({ status: 0 });
  });

  it('that the trust root does not list is not believed, and nothing is written', async () => {
    const at = await createTrial(BY_CERTIFICATE);
    const url = await startAuthority(at);
    await at.run(['trust', 'init', '--trial', '--directory', '.signwright/another']);
    at.write('signwright.yaml', policyOf(BY_CERTIFICATE, `{ urls: ["${url}"] }`, '.signwright/another/trusted-root.json'));
    expect(await at.run(['sign'])).toMatchObject({ status: 3 });
    expect(at.files('dist')).toEqual(['app.tgz']);
  });
});

describePeer('openssl', 'with every timestamp authority down', () => {
  it('signing stops with exit 3 and writes nothing', async () => {
    const at = await createTrial(BY_CERTIFICATE);
    const urls = [await freePort(), await freePort()].map((port) => `"http://127.0.0.1:${port}/"`);
    at.write('signwright.yaml', policyOf(BY_CERTIFICATE, `{ urls: [${urls.join(', ')}] }`));
    const signed = await at.run(['sign']);
    expect(signed).toMatchObject({ status: 3, stdout: '' });
    for (const url of urls) expect(signed.stderr).toContain(url.slice(1, -1));
    expect(at.files('dist')).toEqual(['app.tgz']);
    expect(at.has('.signwright/evidence')).toBe(false);
  });
});
