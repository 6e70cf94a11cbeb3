import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:net';
import { createWorkspace, type Workspace } from '@signwright/testkit';
import { onTestFinished } from 'vitest';
import { launchServer } from './launch-server.ts';

export const TRIAL_ISSUER = 'https://trial.signwright.invalid';
export const TRUST_ROOT = '.signwright/trial/trusted-root.json';
export const TRIAL_IDENTITY = 'https://trial.signwright.invalid/acme/app//trial@refs/heads/main';

export const BY_CERTIFICATE = '{ certificate: { trial: .signwright/trial }, workloads: [ci] }';
export const BY_KEY = '{ keys: [{ ref: key.pem, public-key: key.pub }] }';

/** A policy with one signer; `signer` and `timestamp` as YAML. */
export function policyOf(signer: string, timestamp = '{ trial: .signwright/trial }', root: string = TRUST_ROOT): string {
  return `version: 1
trust: { root: ${root}, timestamp: ${timestamp} }
environments: { default: { allow-development: true } }
workloads: { ci: { issuer: "${TRIAL_ISSUER}", repository: "https://trial.signwright.invalid/acme/*" } }
signers: { build: ${signer} }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "dist/**", tier: internal }]
`;
}

/** A workspace with a trial trust domain, an ECDSA P-256 key in files, and `dist/app.tgz`; removed when its test is over. */
export async function createTrial(signer: string): Promise<Workspace> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const files = {
    'key.pub': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    'dist/app.tgz': 'what a build leaves\n',
  };
  const workspace = await createWorkspace({ policy: policyOf(signer), files });
  onTestFinished(() => workspace.remove());
  workspace.write('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600);
  return workspace;
}

/** The paths of the bundles in a workspace's store. */
export function evidencePaths(at: Workspace): string[] {
  return [...at.evidence().keys()].map((hex) => at.path(`.signwright/evidence/evidence/${hex.slice(0, 2)}/${hex.slice(2)}`));
}

/** What a real program left: never thrown, for scenarios look at failures too. */
export type Ended = { readonly status: number; readonly stdout: string; readonly stderr: string };

/** Runs a real program in a workspace. */
export function runPeer(
  at: Workspace,
  program: string,
  args: readonly string[],
  env: { readonly [name: string]: string } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: at.directory, env: { ...process.env, ...env }, maxBuffer: 16 * 1024 * 1024, timeout: 60_000 };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve({ status: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ status: error.code, stdout, stderr });
      else resolve({ status: -1, stdout, stderr: `${stderr}\n${error.message}` });
    });
  });
}

/** A loopback port that nobody listens on right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Starts a server and waits until its port answers; ended when the test is over. */
export async function startServer(program: string, args: readonly string[], port: number): Promise<void> {
  const { stop } = await launchServer(program, args, port);
  onTestFinished(stop);
}
