import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { kindOf } from '@signwright/signing-core';
import { type Finished, type Running, type RunOptions, startProgram } from './run-program.ts';

/** A project in a temporary directory of its own, and the built command line run in it. */
export type Workspace = {
  readonly directory: string;
  /** Runs the command line to its end. */
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** Starts it. */
  start(args: readonly string[], options?: RunOptions): Running;
  path(name: string): string;
  write(name: string, content: string | Uint8Array, mode?: number): string;
  read(name: string): string;
  has(name: string): boolean;
  /** The files below a directory, by name relative to it; none where there is no such directory. */
  files(name: string): string[];
  /** The bundles in the default store: digest in hex → bytes. */
  evidence(store?: string): Map<string, Buffer>;
  remove(): void;
};

export type WorkspaceOptions = {
  /** `signwright.yaml`; left out where there is none. */
  readonly policy?: string;
  /** Files by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** `false`: without a trial trust domain in `.signwright/trial`. */
  readonly trial?: boolean;
};

export const TRIAL_REPOSITORY = 'https://trial.signwright.invalid/acme/app';

/** A policy with one signer by trial certificate and one tier, `internal`; the rules are YAML lines under `artifacts:`. */
export function trialPolicy(rules: string, more = ''): string {
  return `version: 1
trust: { root: .signwright/trial/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true }, test: { allow-development: true }, production: {} }
workloads: { ci: { issuer: https://trial.signwright.invalid, repository: "https://trial.signwright.invalid/acme/*" } }
signers:
  build: { certificate: { trial: .signwright/trial }, workloads: [ci] }
tiers:
  internal: { signatures: [build] }
${more}artifacts:
${rules}
`;
}

/** Makes a workspace. The trial trust domain is made once a process and copied, so workspaces trust one another's signatures. */
export async function createWorkspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  const workspace = workspaceIn(mkdtempSync(join(tmpdir(), 'signwright-workspace-')));
  if (options.trial !== false) for (const [name, bytes] of await trialDomain()) workspace.write(`${TRIAL}/${name}`, bytes, 0o600);
  if (options.policy !== undefined) workspace.write('signwright.yaml', options.policy);
  for (const [name, content] of Object.entries(options.files ?? {})) workspace.write(name, content);
  return workspace;
}

const TRIAL = '.signwright/trial';
let domain: Promise<ReadonlyMap<string, Buffer>> | undefined;

/** The files of the trial trust domain. */
function trialDomain(): Promise<ReadonlyMap<string, Buffer>> {
  domain ??= (async () => {
    const maker = workspaceIn(mkdtempSync(join(tmpdir(), 'signwright-workspace-')));
    try {
      const { status, stderr } = await maker.run(['trust', 'init', '--trial', '--repository', TRIAL_REPOSITORY]);
      if (status !== 0) throw new Error(`no trial trust domain could be made: ${stderr}`);
      return new Map(maker.files(TRIAL).map((name) => [name, readFileSync(maker.path(`${TRIAL}/${name}`))]));
    } finally {
      maker.remove();
    }
  })();
  return domain;
}

function workspaceIn(directory: string): Workspace {
  const path = (name: string): string => join(directory, name);
  const start = (args: readonly string[], options?: RunOptions): Running => startProgram(directory, args, options);
  const files = (name: string): string[] => (existsSync(path(name)) ? below(path(name)) : []);
  return {
    directory,
    path,
    start,
    files,
    run: (args, options) => start(args, options).finished,
    write(name, content, mode) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), content);
      if (mode !== undefined) chmodSync(path(name), mode);
      return path(name);
    },
    read: (name) => readFileSync(path(name), 'utf8'),
    has: (name) => lstatSync(path(name), { throwIfNoEntry: false }) !== undefined,
    evidence(store = '.signwright/evidence') {
      const kept = files(`${store}/evidence`);
      const all = kept.map((name) => [name.replace('/', ''), readFileSync(path(`${store}/evidence/${name}`))] as const);
      return new Map(all.filter(([, bytes]) => kindOf(bytes) === 'bundle'));
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function below(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}
