import { copyFileSync, readFileSync } from 'node:fs';
import { createEvidenceStore, writeArchive } from '@signwright/evidence';
import { type EvidenceStore, readSnapshot, type Sha256, sha256, writeSnapshot } from '@signwright/signing-core';
import { createDirectoryStore } from '@signwright/storage';
import { createWorkspace, type Finished, trialPolicy, type Workspace } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const made: Workspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

const TIERS = '  recorded: { extends: internal, audit: required, retain: 1d }\n';
const RULES =
  '  - { match: "dist/**", tier: recorded }\n  - { match: "docs/**", tier: internal }\n  - { match: "maps/**", sign: never }';

/** Where releases are made: three policies, one after another; `a` was signed under the first, `b` under the second. */
let maker: Workspace;
let policies: readonly [Sha256, Sha256, Sha256];
let signedA: number;

beforeAll(async () => {
  maker = await createWorkspace({ files: { 'dist/a.bin': 'a', 'dist/b.bin': 'b', 'docs/read.md': 'read', 'maps/a.map': 'm' } });
  made.push(maker);
  const init = await maker.run(['audit', 'init', '--name', 'log.example/archived', '--key', 'keys/log.pem']);
  const key = /verifier-keys: \["(.+)"\]/.exec(init.stdout)?.[1];
  const audit = `audit: { log: log, key: keys/log.pem, verifier-keys: ["${key}"] }\n`;
  const usePolicy = async (serial: number): Promise<Sha256> => {
    const policy = trialPolicy(RULES, `${TIERS}${audit}`).replace('version: 1\n', `version: 1\nname: acme\nserial: ${serial}\n`);
    maker.write('signwright.yaml', policy);
    const { stdout } = await maker.run(['policy', 'check']);
    return /policy digest (sha256:[0-9a-f]{64})/.exec(stdout)?.[1] as Sha256;
  };
  const first = await usePolicy(1);
  expect(await maker.run(['sign', 'dist/a.bin', '--no-sidecars'])).toMatchObject({ status: 0 });
  signedA = Date.now();
  // Timestamps are whole seconds: the next part is to be newer.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const second = await usePolicy(2);
  expect(await maker.run(['sign', 'dist/b.bin', '--no-sidecars'])).toMatchObject({ status: 0 });
  policies = [first, second, await usePolicy(3)];
  expect(await maker.run(['evidence', 'export', 'dist', '--out', 'both.tar'])).toMatchObject({ status: 0 });
  expect(await maker.run(['evidence', 'export', 'dist/a.bin', '--out', 'a.tar'])).toMatchObject({ status: 0 });
}, 60_000);

/** Another machine: nothing there but what is brought, and no home, cache or variable of the maker's. */
async function elsewhere(...brought: string[]): Promise<Workspace> {
  const there = await createWorkspace({ trial: false });
  made.push(there);
  for (const name of brought) copyFileSync(maker.path(name), there.path(name.split('/').at(-1) ?? ''));
  return there;
}

const verify = (there: Workspace, ...args: string[]): Promise<Finished> => there.run(['evidence', 'verify', ...args]);

type Report = {
  verdicts: { result: string; artifact: { name: string }; at: string; anchored: boolean; policy: { digest: string } }[];
};
const verdictsOf = ({ stdout }: Finished): Report['verdicts'] => (JSON.parse(stdout) as Report).verdicts;

describe.concurrent('an archive, on a machine with nothing else', () => {
  test('allows what a tier with required records allows, by the proofs in it', async () => {
    const there = await elsewhere('both.tar');
    const judged = await verify(there, 'both.tar', '--output', 'json');
    expect(judged.status, judged.stderr).toBe(0);
    expect(verdictsOf(judged)).toMatchObject([
      { result: 'allow', artifact: { name: 'dist/a.bin' }, anchored: false },
      { result: 'allow', artifact: { name: 'dist/b.bin' }, anchored: false },
    ]);
    expect(judged.stdout.match(/record-proven/g)).toHaveLength(2);
    expect(there.files('.')).toEqual(['both.tar']);
  });

  test('is judged by the policy of the newest part in it, and says so, and that nothing pins it', async () => {
    const there = await elsewhere('both.tar');
    const judged = await verify(there, 'both.tar', '--output', 'json');
    expect(verdictsOf(judged).map(({ policy }) => policy.digest)).toEqual([policies[1], policies[1]]);
    expect(judged.stderr).toContain(`by the policy acme ${policies[1]} from both.tar, the newest part was signed under it`);
    expect(judged.stderr).toContain('nothing pins it: it is the choice of whoever made both.tar');
    const quiet = await verify(there, 'both.tar', '--quiet');
    expect(quiet).toMatchObject({ status: 0, stderr: '' });
    expect(quiet.stdout).toContain('not anchored');
  });

  test('as of a time when only the first part was there: by the policy of then, and the second is none yet', async () => {
    const there = await elsewhere('both.tar');
    const judged = await verify(
      there,
      'both.tar',
      '--at',
      new Date(signedA).toISOString().replace(/\.\d+/, ''),
      '--output',
      'json',
    );
    expect(judged.status).toBe(1);
    expect(verdictsOf(judged).map(({ result, policy }) => [result, policy.digest])).toEqual([
      ['allow', policies[0]],
      ['deny', policies[0]],
    ]);
    expect(judged.stderr).toMatch(/^as of 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z, by the policy acme /);
  });

  test('years later it is judged as of then', async () => {
    const judged = await verify(await elsewhere('a.tar'), 'a.tar', '--at', '2061-01-01', '--output', 'json');
    expect(judged.status).toBe(0);
    expect(verdictsOf(judged)).toMatchObject([{ result: 'allow', at: '2061-01-01T00:00:00.000Z' }]);
  });

  test('an anchor says which of its policies counts: one it was signed under, or the one it was exported under', async () => {
    const there = await elsewhere('both.tar');
    for (const policy of policies) {
      there.write('anchor.yaml', `name: acme\npolicy-sha256: ${policy}\n`);
      const judged = await verify(there, 'both.tar', '--anchor', 'anchor.yaml', '--output', 'json');
      expect(judged.status, judged.stderr).toBe(0);
      expect(verdictsOf(judged)).toMatchObject([
        { anchored: true, policy: { digest: policy } },
        { anchored: true, policy: { digest: policy } },
      ]);
      expect(judged.stderr).toContain('as anchor.yaml pins it');
    }
  });

  test('an anchor that pins another policy, a higher serial or another trust root is refused, with both values', async () => {
    const there = await elsewhere('a.tar');
    const other = sha256('another');
    for (const [anchor, says] of [
      [`policy-sha256: ${other}`, `the anchor pins the policy ${other}, and a.tar has sha256:`],
      [`policy-sha256: ${policies[0]}\nmin-serial: 9`, "the policy's serial is 1, and the anchor wants 9"],
      [`policy-sha256: ${policies[0]}\ntrust-root-sha256: ${other}`, `the anchor wants ${other}`],
    ] as const) {
      there.write('anchor.yaml', `${anchor}\n`);
      const { status, stdout, stderr } = await verify(there, 'a.tar', '--anchor', 'anchor.yaml');
      expect([status, stdout], says).toEqual([2, '']);
      expect(stderr).toContain(says);
    }
  });

  test('a policy that is brought takes the place of those in it', async () => {
    const there = await elsewhere('a.tar', 'signwright.yaml', '.signwright/trial/trusted-root.json');
    const mute = maker.read('signwright.yaml').replace('match: "dist/**", tier: recorded', 'match: "dist/**", sign: never');
    for (const name of ['trusted-root.json', 'trusted-root.issuers.json'])
      there.write(`.signwright/trial/${name}`, maker.read(`.signwright/trial/${name}`));
    expect(await verify(there, 'a.tar', '--policy', 'signwright.yaml')).toMatchObject({ status: 0 });
    there.write('never.yaml', mute);
    const never = await verify(there, 'a.tar', '--policy', 'never.yaml');
    expect(never).toMatchObject({ status: 1, stdout: expect.stringContaining('never-sign') });
    expect(never.stderr).toContain('from never.yaml');
  });
});

describe.concurrent('files, judged by an archive', () => {
  test('are told by their bytes, whatever they are called here; the archive beside them is none', async () => {
    const there = await elsewhere('both.tar');
    there.write('downloads/renamed', 'a');
    const one = await verify(there, 'both.tar', 'downloads', '--output', 'json');
    expect([one.status, verdictsOf(one).map(({ artifact }) => artifact.name)]).toEqual([0, ['dist/a.bin']]);
    const all = await verify(there, 'both.tar', '.', '--output', 'json');
    expect([all.status, verdictsOf(all).map(({ artifact }) => artifact.name)]).toEqual([0, ['dist/a.bin']]);
  });

  test('that it is not about, or whose bytes changed, are denied', async () => {
    const there = await elsewhere('both.tar');
    there.write('dist/a.bin', 'changed');
    const changed = await verify(there, 'both.tar', 'dist/a.bin');
    expect(changed).toMatchObject({ status: 1, stdout: expect.stringContaining('no-signature') });
    there.write('other', 'other');
    expect(await verify(there, 'both.tar', 'other')).toMatchObject({ status: 1, stdout: expect.stringContaining('unlisted') });
    expect(await verify(there, 'both.tar', 'missing')).toMatchObject({ status: 2 });
  });

  test('with --store, are judged by what a store has, and the policy kept in it', async () => {
    const there = await elsewhere();
    there.write('dist/a.bin', 'a');
    const kept = maker.path('.signwright/evidence');
    const judged = await verify(there, '--store', 'dist', '--evidence', kept, '--output', 'json');
    expect(judged.status, judged.stderr).toBe(0);
    expect(verdictsOf(judged)).toMatchObject([{ result: 'allow', policy: { digest: policies[0] } }]);
    there.write('dist/c.bin', 'unknown to it');
    expect(await verify(there, '--store', 'dist/c.bin', '--evidence', kept)).toMatchObject({
      status: 2,
      stderr: /no policy to judge by/,
    });
    expect(await verify(there, '--store', 'dist/a.bin', '--evidence', 'nowhere')).toMatchObject({ status: 3, stderr: /nowhere/ });
  });
});

describe.concurrent('an archive made by somebody who may not be honest', () => {
  const names = { a: { name: 'dist/a.bin', digest: sha256('a') } };

  /** An archive of what the maker's store has, changed. */
  async function archive(change: (store: EvidenceStore) => EvidenceStore, artifacts = [names.a]): Promise<Workspace> {
    const there = await elsewhere();
    const store = createEvidenceStore(createDirectoryStore(maker.path('.signwright/evidence')));
    await writeArchive(there.path('r.tar'), { store: change(store), artifacts, madeBy: 'a test' });
    return there;
  }
  const snapshotOf = async (store: EvidenceStore, policy: Sha256): Promise<Uint8Array> => {
    const [id] = (await store.list([policy])).get(policy) ?? [];
    return store.get(id as Sha256);
  };
  /** The store, with these pieces in the place of the policies' snapshots. */
  const withSnapshots = (store: EvidenceStore, pieces: (store: EvidenceStore) => Promise<Uint8Array[]>): EvidenceStore => {
    const added = pieces(store).then((all) => new Map(all.map((bytes) => [sha256(bytes), bytes])));
    return {
      ...store,
      async list(subjects) {
        const listed = new Map(await store.list(subjects));
        for (const policy of policies) {
          if (subjects.includes(policy)) listed.set(policy, [...(await added).keys()]);
        }
        return listed;
      },
      get: async (id) => (await added).get(id) ?? store.get(id),
    };
  };

  test('without a policy it cannot be judged, until one is brought', async () => {
    const there = await archive((store) => withSnapshots(store, async () => []));
    const without = await verify(there, 'r.tar');
    expect(without).toMatchObject({
      status: 2,
      stdout: '',
      stderr: /there is no policy to judge by in r\.tar[\s\S]*--policy FILE/,
    });
    there.write('anchor.yaml', `policy-sha256: ${policies[0]}\n`);
    expect(await verify(there, 'r.tar', '--anchor', 'anchor.yaml')).toMatchObject({ status: 2 });
    expect(await verify(there, 'r.tar', '--policy', maker.path('signwright.yaml'))).toMatchObject({ status: 0 });
  });

  test('a snapshot that makes another policy than it says is refused; a sound one beside it counts', async () => {
    const forged = async (store: EvidenceStore): Promise<Uint8Array> => {
      const { file, files } = readSnapshot(await snapshotOf(store, policies[1]));
      return writeSnapshot({ digest: policies[0], file, files });
    };
    const alone = await archive((store) => withSnapshots(store, async () => [await forged(store)]));
    const says = `says it is the policy ${policies[0]}, and makes ${policies[1]}`;
    expect(await verify(alone, 'r.tar')).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining(says) });
    alone.write('anchor.yaml', `policy-sha256: ${policies[0]}\n`);
    expect(await verify(alone, 'r.tar', '--anchor', 'anchor.yaml')).toMatchObject({ status: 1, stdout: '' });
    const both = await archive((store) =>
      withSnapshots(store, async () => [await forged(store), await snapshotOf(store, policies[0])]),
    );
    const judged = await verify(both, 'r.tar');
    expect(judged).toMatchObject({ status: 0, stderr: expect.stringContaining(says) });
  });

  test('snapshots that are damaged, or too many to try, are told, and do not hide the one that is pinned', async () => {
    const broken = Buffer.from('{"digest":"sha256:0","file":"x","files":{},"type":"https://signwright.dev/policy-snapshot/v1"}');
    const damaged = await archive((store) => withSnapshots(store, async () => [broken]));
    expect(await verify(damaged, 'r.tar')).toMatchObject({ status: 2, stderr: /the policy snapshot/ });
    const many = await archive((store) =>
      withSnapshots(store, async () => {
        const { file, files } = readSnapshot(await snapshotOf(store, policies[0]));
        const more = Array.from({ length: 40 }, (_, at) => writeSnapshot({ digest: sha256(`${at}`), file, files }));
        return [broken, ...more, await snapshotOf(store, policies[0])];
      }),
    );
    expect(await verify(many, 'r.tar')).toMatchObject({
      status: 2,
      stderr: /there are 42 policies in r\.tar[\s\S]*--anchor FILE/,
    });
    many.write('anchor.yaml', `policy-sha256: ${policies[0]}\n`);
    expect(await verify(many, 'r.tar', '--anchor', 'anchor.yaml')).toMatchObject({ status: 0 });
  });

  test('calling an artifact what has a weaker tier gains nothing: the signed name counts too', async () => {
    const noProof = (store: EvidenceStore): EvidenceStore => ({
      ...store,
      async list(subjects) {
        const listed = await store.list(subjects);
        return new Map([...listed].filter(([subject]) => subject === names.a.digest || policies.includes(subject)));
      },
    });
    const honest = await archive(noProof);
    expect(await verify(honest, 'r.tar')).toMatchObject({ status: 1, stdout: expect.stringContaining('no-record') });
    const lying = await archive(noProof, [{ name: 'docs/a.bin', digest: names.a.digest }]);
    expect(await verify(lying, 'r.tar')).toMatchObject({ status: 1 });
  });

  test('about nothing, it allows nothing', async () => {
    const there = await archive((store) => store, []);
    expect(await verify(there, 'r.tar')).toMatchObject({ status: 1, stdout: '', stderr: /about no artifact/ });
  });
});

describe.concurrent('evidence export', () => {
  test('the same evidence makes the same archive, and what was there is replaced', async () => {
    maker.write('again.tar', 'older');
    const { status, stdout } = await maker.run(['evidence', 'export', 'dist', '--out', 'again.tar', '--output', 'json']);
    expect(status).toBe(0);
    expect(readFileSync(maker.path('again.tar')).equals(readFileSync(maker.path('both.tar')))).toBe(true);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      archive: 'again.tar',
      pieces: 7,
      policy: policies[2],
      artifacts: [
        { name: 'dist/a.bin', digest: sha256('a') },
        { name: 'dist/b.bin', digest: sha256('b') },
      ],
    });
  });

  test('an artifact without evidence stops it before anything is written; what is never signed is left out', async () => {
    const incomplete = await maker.run(['evidence', 'export', '--out', 'incomplete.tar']);
    expect(incomplete).toMatchObject({ status: 1, stdout: '', stderr: /has nothing about docs\/read\.md\n/ });
    expect(maker.has('incomplete.tar')).toBe(false);
    const unwritable = await maker.run(['evidence', 'export', 'dist', '--out', 'no/such/directory.tar']);
    expect(unwritable).toMatchObject({ status: 3, stderr: /no\/such\/directory\.tar cannot be written/ });
    expect(await maker.run(['evidence', 'export', 'dist', '--evidence', 'none', '--out', 'x.tar'])).toMatchObject({ status: 3 });
  });
});
