import { readFileSync } from 'node:fs';
import type { Finished } from './run-program.ts';
import { createSshKey } from './ssh-keys.ts';
import { createWorkspace, trialPolicy, type Workspace } from './workspace.ts';

/** Whose keys there are. `ann-too` is a second key of ann; `mallory` is nobody of the policy. */
export const KEYS = ['ann', 'ann-too', 'bob', 'cleo', 'dave', 'mallory'] as const;
export type KeyName = (typeof KEYS)[number];

/** A project whose files people approve, each by real SSH keys in `keys/`. */
export type PeopleWorkspace = Workspace & {
  /** The path of a private key; its public half is beside it. */
  key(name: KeyName): string;
  /** The line of a public key, without its comment. */
  line(name: KeyName): string;
  /** Runs a command that must succeed. @returns stdout. */
  done(...args: string[]): Promise<string>;
  /** Signs all files and asks for their approvals. @returns the id of the request. */
  asked(...args: string[]): Promise<string>;
  /** What somebody answers to a request, without being asked at a terminal. */
  answer(who: KeyName, request: string, ...args: string[]): Promise<Finished>;
};

/** What differs from a tier that one of engineering (ann, bob) and one of security (bob, cleo) approve, and that is recorded as well as can be. */
export type PeopleOptions = {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** What `people` says of ann, in YAML. */
  readonly ann?: string;
  readonly approvals?: string;
  /** More of the tier: `windows: […]`. */
  readonly tier?: string;
  readonly waivers?: string;
  /** More of the policy. */
  readonly more?: string;
};

/** Makes such a project. The keys and the log's are made once a process. */
export async function createPeopleWorkspace(options: PeopleOptions = {}): Promise<PeopleWorkspace> {
  const { files = { 'dist/a.tgz': 'a', 'dist/b.tgz': 'b' } } = options;
  const workspace = await createWorkspace({ files });
  for (const name of KEYS) {
    workspace.write(`keys/${name}`, keys().get(name)?.pem ?? '', 0o600);
    workspace.write(`keys/${name}.pub`, `${keys().get(name)?.line}\n`);
  }
  logKey ??= makeLogKey();
  const { pem, verifier } = await logKey;
  workspace.write('keys/log.pem', pem, 0o600);
  workspace.write('signwright.yaml', peoplePolicy(verifier, options));
  const { run } = workspace;
  const done = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(args);
    if (status !== 0) throw new Error(`signwright ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
    return stdout;
  };
  return {
    ...workspace,
    key: (name) => workspace.path(`keys/${name}`),
    line: lineOf,
    done,
    async asked(...args) {
      await done('sign', '--no-sidecars', ...args);
      return (await run(['request', ...args])).stdout.split('\n')[0] ?? '';
    },
    answer: (who, request, ...args) => run(['approve', request, '--key', `keys/${who}`, '--yes', ...args]),
  };
}

/** The policy of such a project. */
function peoplePolicy(verifier: string, { ann, approvals, tier, waivers, more }: PeopleOptions): string {
  const asks = `approvals: ${approvals ?? '[engineering, security]'}, approvals-expire: 24h`;
  const glass = 'break-glass: { role: security, count: 2, max-age: 4h }';
  return trialPolicy(
    '  - { name: files, match: "dist/**", tier: approved }',
    `  approved: { extends: internal, audit: best-effort, ${asks}, ${glass}${tier === undefined ? '' : `, ${tier}`} }
people:
  ann: ${ann ?? `{ ssh: ["${lineOf('ann')}", "${lineOf('ann-too')}"] }`}
  bob: { ssh: ["${lineOf('bob')}"] }
  cleo: { ssh: ["${lineOf('cleo')}"] }
  dave: { ssh: ["${lineOf('dave')}"] }
roles: { engineering: [ann, bob], security: [bob, cleo] }
waivers: ${waivers ?? '{ role: security, max-age: 14d }'}
audit: { log: log, key: keys/log.pem, verifier-keys: ["${verifier}"] }
${more ?? ''}`,
  );
}

type Key = { readonly pem: string; readonly line: string };
let made: ReadonlyMap<KeyName, Key> | undefined;
let logKey: Promise<{ readonly pem: string; readonly verifier: string }> | undefined;

function keys(): ReadonlyMap<KeyName, Key> {
  made ??= new Map(
    KEYS.map((name) => {
      const key = createSshKey('ed25519', { comment: name });
      const pem = readFileSync(key.path, 'utf8');
      key.remove();
      return [name, { pem, line: key.line }];
    }),
  );
  return made;
}

function lineOf(name: KeyName): string {
  return (keys().get(name)?.line ?? '').split(' ').slice(0, 2).join(' ');
}

async function makeLogKey(): Promise<{ readonly pem: string; readonly verifier: string }> {
  const maker = await createWorkspace({ trial: false });
  try {
    const { stdout } = await maker.run(['audit', 'init', '--name', 'log.example/people', '--key', 'log.pem']);
    return { pem: maker.read('log.pem'), verifier: /"(\S+\+[0-9a-f]{8}\+\S+)"/.exec(stdout)?.[1] ?? '' };
  } finally {
    maker.remove();
  }
}
