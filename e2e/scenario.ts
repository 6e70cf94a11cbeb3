import { execFile, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const SIGNWRIGHT = fileURLToPath(new URL('../packages/apps/cli/bin/signwright.cjs', import.meta.url));

/** What a program left: never thrown, for scenarios look at failures too. */
export type Finished = { readonly status: number; readonly stdout: string; readonly stderr: string };

/** A directory in which a scenario plays, removed when its test is over. */
export type Scenario = {
  readonly directory: string;
  path(name: string): string;
  write(name: string, content: string | Buffer, mode?: number): string;
  read(name: string): Buffer;
  /** Runs the built command there. */
  signwright(...args: string[]): Promise<Finished>;
  /** Runs a real program there. */
  run(program: string, args: readonly string[], env?: { readonly [name: string]: string }): Promise<Finished>;
  /** The release parts in the evidence store, each as a file of its own bytes. */
  evidence(): string[];
};

export function createScenario(): Scenario {
  const directory = mkdtempSync(join(tmpdir(), 'signwright-e2e-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = (name: string): string => join(directory, name);
  return {
    directory,
    path,
    write(name, content, mode) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), content, mode === undefined ? {} : { mode });
      return path(name);
    },
    read: (name) => readFileSync(path(name)),
    signwright: (...args) => finish(process.execPath, [SIGNWRIGHT, ...args], directory, {}),
    run: (program, args, env = {}) => finish(program, args, directory, env),
    evidence: () =>
      readdirSync(path('.signwright/evidence/evidence'), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map((entry) => join(entry.parentPath, entry.name)),
  };
}

function finish(
  program: string,
  args: readonly string[],
  cwd: string,
  env: { readonly [name: string]: string },
): Promise<Finished> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({
        status,
        stdout,
        stderr: error !== null && typeof error.code !== 'number' ? `${stderr}\n${error.message}` : stderr,
      });
    });
  });
}

export const TRIAL = '.signwright/trial';
export const TRUST_ROOT = `${TRIAL}/trusted-root.json`;
export const TRIAL_ISSUER = 'https://trial.signwright.invalid';
export const TRIAL_IDENTITY = 'https://trial.signwright.invalid/example/project//trial@refs/heads/main';

/** A policy with one signer; `signer` and `timestamp` as YAML. */
export function policyOf(signer: string, timestamp = `{ trial: ${TRIAL} }`, root = TRUST_ROOT): string {
  return `version: 1
trust: { root: ${root}, timestamp: ${timestamp} }
environments: { default: { allow-development: true } }
workloads: { ci: { issuer: "${TRIAL_ISSUER}", repository: "https://trial.signwright.invalid/example/*" } }
signers: { build: ${signer} }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "dist/**", tier: internal }]
`;
}

export const BY_CERTIFICATE = `{ certificate: { trial: ${TRIAL} }, workloads: [ci] }`;
export const BY_KEY = '{ keys: [{ ref: key.pem, public-key: key.pub }] }';

/** A trial trust domain, an ECDSA P-256 key in files, and `dist/app.tgz`. */
export async function createTrial(signer: string): Promise<Scenario> {
  const scenario = createScenario();
  const made = await scenario.signwright('trust', 'init', '--trial');
  if (made.status !== 0) throw new Error(made.stderr);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  scenario.write('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, 0o600);
  scenario.write('key.pub', publicKey.export({ type: 'spki', format: 'pem' }) as string);
  scenario.write('signwright.yaml', policyOf(signer));
  scenario.write('dist/app.tgz', 'what a build leaves\n');
  return scenario;
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
  const server = spawn(program, [...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-4000);
  });
  onTestFinished(() => {
    server.kill();
  });
  for (let attempt = 0; attempt < 200; attempt++) {
    if (server.exitCode !== null) throw new Error(`${program} ended: ${said}`);
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${program} did not answer on port ${port}: ${said}`);
}
