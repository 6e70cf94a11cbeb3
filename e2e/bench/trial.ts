import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, SIGNWRIGHT } from './measure.ts';

const TRIAL = '.signwright/trial';
const SIGNERS = {
  certificate: `{ certificate: { trial: ${TRIAL} }, workloads: [ci] }`,
  key: '{ keys: [{ ref: key.pem, public-key: key.pub }] }',
};

/** A directory with a trial domain, a policy whose signer signs so, and a key for ours and for cosign. */
export type Trial = {
  readonly directory: string;
  signwright(...args: string[]): Command;
  /** What cosign needs to verify what the trial certificate signed. */
  readonly identity: readonly string[];
  remove(): void;
};

export function makeTrial(signer: keyof typeof SIGNERS): Trial {
  const directory = mkdtempSync(join(tmpdir(), 'signwright-bench-'));
  const signwright = (...args: string[]): Command => ({ program: process.execPath, args: [SIGNWRIGHT, ...args], cwd: directory });
  const { args } = signwright('trust', 'init', '--trial');
  const made = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  writeFileSync(join(directory, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(join(directory, 'key.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  mkdirSync(join(directory, 'dist'));
  writeFileSync(
    join(directory, 'signwright.yaml'),
    `version: 1
trust: { root: ${TRIAL}/trusted-root.json, timestamp: { trial: ${TRIAL} } }
environments: { default: { allow-development: true } }
workloads: { ci: { issuer: https://trial.signwright.invalid, repository: "https://trial.signwright.invalid/example/*" } }
signers: { build: ${SIGNERS[signer]} }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "dist/**", tier: internal }]
`,
  );
  return {
    directory,
    signwright,
    identity: [
      '--trusted-root',
      `${TRIAL}/trusted-root.json`,
      '--use-signed-timestamps',
      '--insecure-ignore-tlog',
      '--insecure-ignore-sct',
      '--certificate-identity',
      'https://trial.signwright.invalid/example/project//trial@refs/heads/main',
      '--certificate-oidc-issuer',
      'https://trial.signwright.invalid',
    ],
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** cosign with a key of its own and no services, in `directory`. @returns the flags that sign by it. */
export function makeCosignKey(
  cosign: string,
  directory: string,
): { flags: readonly string[]; env: { readonly COSIGN_PASSWORD: string } } {
  const env = { COSIGN_PASSWORD: '' };
  const made = spawnSync(cosign, ['generate-key-pair'], { cwd: directory, env: { ...process.env, ...env }, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  writeFileSync(
    join(directory, 'services.json'),
    JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json' }),
  );
  return { flags: ['sign-blob', '--key', 'cosign.key', '--signing-config', 'services.json', '-y'], env };
}
