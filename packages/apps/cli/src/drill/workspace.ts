import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { TrialClaims } from '@signwright/certificates';
import type { Layer, Policy, SignerDefinition } from '@signwright/policy';
import { readPolicy } from '../context/open-policy.ts';
import { type Ran, runCommandLine } from './child.ts';
import { claimsOf, jobVariables } from './claims.ts';
import type { DrillClock } from './clock.ts';
import { layerFile } from './shadow-policy.ts';

type PolicyFile = Layer['content'];

/** How a command is run beside its arguments. */
export type How = {
  /** Who runs it: a job of the first workload of this signer. */
  readonly as?: SignerDefinition;
  /** What the job says of itself, in place of that. */
  readonly claims?: TrialClaims;
  readonly env?: Readonly<Record<string, string>>;
  /** How far the machine's clock is off, in milliseconds. */
  readonly skew?: number;
};

/** What every workspace of a drill shares. */
export type Surroundings = {
  readonly clock: DrillClock;
  readonly clockFile: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
};

/** A shadow of the user's policy in a directory, with its trust, keys, log and evidence. */
export type Workspace = {
  readonly directory: string;
  /** The layers as they were written last. */
  readonly layers: readonly PolicyFile[];
  run(args: readonly string[], how?: How): Promise<Ran>;
  /** Writes the policy anew, changed; an empty change writes it as it is. */
  write(change?: (layer: PolicyFile) => void): Promise<void>;
  policy(): Promise<Policy>;
  path(name: string): string;
  /** A copy under another name: what is done there changes nothing here. */
  copy(name: string): Promise<Workspace>;
  /** The bundles in the evidence store. */
  evidence(): Promise<string[]>;
  /** The variables of a job of this signer, where its key is a pipeline's. */
  job(signer: SignerDefinition, claims?: TrialClaims): Record<string, string>;
  /** Makes the drill's CA certify jobs like this from now on. */
  become(claims: TrialClaims): Promise<void>;
};

/** Opens the workspace of a directory that holds all but the policy. */
export function workspaceIn(directory: string, layers: readonly PolicyFile[], around: Surroundings): Workspace {
  let current = layers;
  const path = (name: string): string => join(directory, name);
  const policy = (): Promise<Policy> => readPolicy(path('signwright.yaml'), around.clock.now());
  const become = (claims: TrialClaims): Promise<void> =>
    writeFile(path('trial/identity.json'), JSON.stringify(claims), { mode: 0o600 });
  const job: Workspace['job'] = ({ certificate, rule }, claims) => {
    const inPipeline = certificate === undefined && rule.workloads.length > 0;
    return inPipeline ? jobVariables(claims ?? claimsOf(rule.workloads[0])) : {};
  };
  return {
    directory,
    get layers() {
      return current;
    },
    path,
    policy,
    become,
    job,
    async run(args, { as, claims, env = {}, skew = 0 } = {}) {
      if (as !== undefined) await become(claims ?? claimsOf(as.rule.workloads[0]));
      const variables = as === undefined ? {} : job(as, claims);
      return runCommandLine(args, {
        directory,
        // Each has its own memory of logs and editions: a copy must not look like a log that was rolled back.
        env: { ...around.env, HOME: path('home'), XDG_CACHE_HOME: path('home/cache'), ...variables, ...env },
        clock: { file: around.clockFile, offset: around.clock.offset + skew },
        signal: around.signal,
      });
    },
    async write(change = () => undefined) {
      const changed = structuredClone(layers) as PolicyFile[];
      for (const [at, layer] of changed.entries()) {
        change(layer);
        const below = at === 0 ? undefined : path(layerFile(at - 1, changed.length));
        if (layer.extends !== undefined && below !== undefined)
          layer.extends.sha256 = (await readPolicy(below, around.clock.now())).digest;
        // JSON is YAML, and leaves nothing to quote.
        await writeFile(path(layerFile(at, changed.length)), JSON.stringify(layer, undefined, 1));
      }
      current = changed;
    },
    async copy(name) {
      const other = join(dirname(directory), `${basename(directory)}-${name}`);
      await rm(other, { recursive: true, force: true });
      await cp(directory, other, { recursive: true });
      return workspaceIn(other, layers, around);
    },
    async evidence() {
      const below = await readdir(path('evidence/evidence'), { recursive: true, withFileTypes: true }).catch(() => []);
      return below.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    },
  };
}
