import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createSshSigner } from '@signwright/signer-ssh';
import {
  APPROVAL,
  type Approval,
  type EnvelopeSigner,
  IN_TOTO,
  parseSshPublicKey,
  preAuthEncoding,
  readRequest,
  type Sha256,
  sha256,
  signEnvelope,
  type Verdict,
  WAIVER,
  type Waiver,
  writeApproval,
  writeBundle,
  writeRequest,
  writeWaiver,
} from '@signwright/signing-core';
import {
  createPeopleWorkspace,
  freshKeys,
  hasSshKeygen,
  type KeyName,
  memorySigner,
  type PeopleOptions,
  type PeopleWorkspace,
  softwareSecurityKey,
} from '@signwright/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { namedPlace, openEvidence } from '../context/open-evidence.ts';
import { openPolicy } from '../context/open-policy.ts';
import { openTimestamps } from '../context/open-timestamps.ts';

const made: PeopleWorkspace[] = [];
afterAll(() => {
  for (const workspace of made) workspace.remove();
});

async function project(options?: PeopleOptions): Promise<PeopleWorkspace> {
  const here = await createPeopleWorkspace(options);
  made.push(here);
  return here;
}

/** Somebody who can sign with a key and write to the evidence store, and uses no command of ours. */
async function attacker(here: PeopleWorkspace, id: string) {
  const open = await openPolicy({ policy: here.path('signwright.yaml') }, new Date());
  if (open.trustRoot === undefined) throw new Error('the policy has no trust root');
  const timestamps = await openTimestamps(open, open.trustRoot, () => undefined);
  const store = await openEvidence(namedPlace(here.path('.signwright/evidence'), '--evidence'));
  const bytes = readFileSync(here.path(`.signwright/evidence/evidence/${id.slice(7, 9)}/${id.slice(9)}`));
  const request = readRequest(bytes);
  const approval = (changed: Partial<Approval> = {}): Buffer =>
    writeApproval({
      decision: 'approve',
      person: 'cleo',
      given: new Date().toISOString(),
      environment: request.environment,
      request: id as Sha256,
      artifacts: request.artifacts,
      policy: { digest: open.policy.digest },
      ...changed,
    });
  const seal = async (payload: Buffer, by: EnvelopeSigner, namespace: string): Promise<Buffer> => {
    const { signature, ...sealed } = await signEnvelope(IN_TOTO, payload, namespace, by);
    return writeBundle({ ...sealed, timestamps: [Buffer.from(await timestamps.timestamp(signature))] });
  };
  const subjects = request.artifacts.map(({ digest }) => digest);
  const put = (evidence: Uint8Array, more: readonly Sha256[] = []): Promise<Sha256> =>
    store.put(evidence, [...subjects, ...more]);
  return {
    request,
    approval,
    put,
    /** Signs a statement as somebody and puts it into the store. */
    async plant(payload: Buffer, who: KeyName | EnvelopeSigner, namespace = APPROVAL): Promise<Sha256> {
      return put(await seal(payload, typeof who === 'string' ? await signerOf(here, who) : who, namespace));
    },
  };
}

async function signerOf(here: PeopleWorkspace, who: KeyName): Promise<EnvelopeSigner> {
  const { publicKey, sign } = await createSshSigner({ key: here.key(who), environment: { PATH: process.env['PATH'] } });
  return { person: { publicKey: () => publicKey.line, sign } };
}

/** The result for a file, and why evidence was refused. */
async function judged(
  here: PeopleWorkspace,
  name = 'dist/a.tgz',
  ...args: string[]
): Promise<{ result: string; codes: string[]; verdict: Verdict }> {
  const { stdout, stderr } = await here.run(['verify', name, '--output', 'json', ...args]);
  if (stdout === '') throw new Error(stderr);
  const [verdict] = (JSON.parse(stdout) as { verdicts: [Verdict] }).verdicts;
  const codes = verdict.outcomes.flatMap(({ refused }) => refused.map(({ code }) => code));
  return { result: verdict.result, codes: [...new Set(codes)].sort(), verdict };
}

const PENDING = (...codes: string[]) => ({ result: 'pending', codes: expect.arrayContaining(codes) as string[] });

describe.skipIf(!hasSshKeygen).concurrent('an approval counts for nobody', () => {
  test('twice: one person with two keys is one person', async () => {
    const here = await project({ approvals: '[{ role: engineering, count: 2 }]' });
    const id = await here.asked();
    await here.answer('ann', id);
    await here.answer('ann-too', id);
    expect(await judged(here)).toMatchObject({ result: 'pending' });
    await here.answer('bob', id);
    expect(await judged(here)).toMatchObject({ result: 'allow' });
  });

  test('in two roles: bob of both is needed once, and somebody else beside him', async () => {
    const here = await project();
    const id = await here.asked();
    await here.answer('bob', id);
    expect(await judged(here)).toMatchObject({ result: 'pending' });
    await here.answer('ann', id);
    expect(await judged(here)).toMatchObject({ result: 'allow' });
  });

  test('once it is old, however new its timestamp is; nor does a new timestamp undo a rejection', async () => {
    const here = await project({ approvals: '[security]' });
    const id = await here.asked();
    const { approval, plant } = await attacker(here, id);
    const ago = (milliseconds: number): string => new Date(Date.now() - milliseconds).toISOString();
    await plant(approval({ given: ago(3_600_000) }), 'cleo');
    expect(await judged(here)).toMatchObject({ result: 'pending' });
    await plant(approval({ given: ago(60_000) }), 'cleo');
    expect(await judged(here)).toMatchObject({ result: 'allow' });
    await here.answer('cleo', id, '--reject', '--reason', 'broken');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await plant(approval({ given: ago(59_000) }), 'cleo');
    expect(await judged(here)).toMatchObject({ result: 'deny' });
  });

  test('for bytes that were built again, for another environment, or under requirements that were edited', async () => {
    const here = await project();
    const id = await here.asked();
    for (const who of ['ann', 'cleo'] as const) await here.answer(who, id);
    expect(await judged(here)).toMatchObject({ result: 'allow' });
    expect(await judged(here, 'dist/a.tgz', '--environment', 'test')).toMatchObject(PENDING('other-environment'));
    const policy = here.read('signwright.yaml');
    here.write('signwright.yaml', policy.replace('approvals-expire: 24h', 'approvals-expire: 23h'));
    expect(await judged(here)).toMatchObject(PENDING('other-requirements'));
    here.write('signwright.yaml', policy.replace('14d', '13d'));
    expect(await judged(here)).toMatchObject({ result: 'allow' });
    here.write('dist/a.tgz', 'built again');
    await here.done('sign', '--no-sidecars', 'dist/a.tgz');
    expect(await judged(here)).toMatchObject({ result: 'pending' });
  });

  test('else than who signed it', async () => {
    const here = await project();
    const { plant, approval } = await attacker(here, await here.asked());
    await plant(approval({ person: 'cleo' }), 'ann');
    await plant(approval({ person: 'cleo' }), 'mallory');
    expect(await judged(here)).toMatchObject(PENDING('identity-mismatch'));
    await plant(approval({ person: 'cleo' }), 'cleo');
    await plant(approval({ person: 'ann' }), 'ann');
    expect(await judged(here)).toMatchObject({ result: 'allow' });
  });

  test('under another namespace, by a plain key, or over other bytes than are shown', async () => {
    const here = await project({ approvals: '[security]' });
    const { plant, approval, put } = await attacker(here, await here.asked());
    for (const namespace of ['git', 'file', WAIVER]) await plant(approval(), 'cleo', namespace);
    await plant(approval(), { signer: memorySigner(freshKeys()) });
    const signer = await signerOf(here, 'cleo');
    if (!('person' in signer)) throw new Error('not a person');
    const blob = Buffer.from(await signer.person.sign(preAuthEncoding(IN_TOTO, approval({ environment: 'test' })), APPROVAL));
    const hint = parseSshPublicKey(signer.person.publicKey()).fingerprint;
    await put(
      writeBundle({
        content: { type: 'envelope', envelope: { payloadType: IN_TOTO, payload: approval(), signature: blob } },
        key: { type: 'public-key', hint },
        timestamps: [],
      }),
    );
    const { result, verdict } = await judged(here);
    expect(result).toBe('pending');
    expect(verdict.outcomes.find(({ requirement }) => requirement === 'approval:security')).toMatchObject({ evidence: [] });
  });

  test('by a security key that did not ask who was at it, or was not touched', async () => {
    const key = softwareSecurityKey();
    const as = (one: typeof key): EnvelopeSigner => ({
      person: { publicKey: () => key.line, sign: async (message: Uint8Array, namespace: string) => one.sign(message, namespace) },
    });
    const here = await project({ approvals: '[engineering]', ann: `{ ssh: ["${key.line.split(' ').slice(0, 2).join(' ')}"] }` });
    const { plant, approval } = await attacker(here, await here.asked());
    await plant(approval({ person: 'ann' }), as(softwareSecurityKey({ verification: false })));
    await plant(approval({ person: 'ann' }), as(softwareSecurityKey({ presence: false })));
    expect(await judged(here)).toMatchObject({ result: 'pending' });
    await plant(approval({ person: 'ann' }), as(key));
    expect(await judged(here)).toMatchObject({ result: 'allow' });
  });

  test('of a former member, who cannot give it an earlier time; what was approved before stays approved', async () => {
    const here = await project({ approvals: '[security]' });
    const id = await here.asked();
    const { plant, approval } = await attacker(here, id);
    await here.answer('cleo', id);
    const { verdict } = await judged(here);
    const approved = / (20\S+Z)\)/.exec(verdict.outcomes.find(({ code }) => code === 'approved')?.message ?? '')?.[1] ?? '';
    const policy = here.read('signwright.yaml');
    const left = (at: number): string =>
      policy.replace('security: [bob, cleo]', `security: [bob, { person: cleo, until: "${new Date(at).toISOString()}" }]`);
    here.write('signwright.yaml', left(Date.parse(approved) + 1000));
    expect(await judged(here)).toMatchObject({ result: 'allow' });
    here.write('signwright.yaml', left(Date.parse(approved)));
    await plant(approval(), 'cleo');
    expect(await judged(here)).toMatchObject(PENDING('not-a-member'));
    expect(await here.answer('cleo', id)).toMatchObject({ status: 1, stderr: /would not count/ });
  });

  test('by a key from when it was compromised on', async () => {
    const here = await project({ approvals: '[security]' });
    const { plant, approval } = await attacker(here, await here.asked());
    await plant(approval(), 'cleo');
    expect(await judged(here)).toMatchObject({ result: 'allow' });
    const key = `"${here.line('cleo')}"`;
    here.write('signwright.yaml', here.read('signwright.yaml').replace(key, `{ key: ${key}, compromised-since: 2026-01-01 }`));
    expect(await judged(here)).toMatchObject(PENDING('key-compromised'));
  });

  test('after it was withdrawn, nor where its bytes lie under other names', async () => {
    const here = await project({ approvals: '[security]' });
    const id = await here.asked();
    const { plant, approval, request } = await attacker(here, id);
    await plant(approval({ artifacts: request.artifacts.map((one) => ({ ...one, name: 'dist/harmless.tgz' })) }), 'cleo');
    expect(await judged(here)).toMatchObject(PENDING('other-artifact'));
    await here.answer('cleo', id);
    expect(await judged(here)).toMatchObject({ result: 'allow' });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await here.answer('cleo', id, '--withdraw');
    expect(await judged(here)).toMatchObject({ result: 'pending' });
  });
});

describe.skipIf(!hasSshKeygen).concurrent('a waiver counts for nothing', () => {
  test('that can never be waived, for longer than the policy lets it, of another rule, or before it was voided', async () => {
    const here = await project({ approvals: '[security]', waivers: '{ role: security, max-age: 1h }' });
    const id = await here.asked();
    const { plant, request } = await attacker(here, id);
    const policy = { digest: sha256('any') };
    const given = new Date().toISOString();
    const base = { person: 'cleo', given, environment: 'default', reason: 'x', expires: '2099-01-01T00:00:00Z', policy };
    const waiver = (more: object): Buffer => writeWaiver({ ...base, ...more } as Waiver);
    const [first] = request.artifacts;
    await plant(
      waiver({ requirement: 'approval:security', rule: sha256('another rule'), requirements: first?.requirements }),
      'cleo',
      WAIVER,
    );
    expect(await judged(here)).toMatchObject({ result: 'pending' });
    await plant(waiver({ requirement: 'signature:build', artifacts: request.artifacts }), 'cleo', WAIVER);
    here.write('dist/a.tgz', 'unsigned');
    expect(await judged(here)).toMatchObject({ result: 'deny' });
    here.write('dist/a.tgz', 'a');
    await plant(waiver({ requirement: 'approval:security', artifacts: request.artifacts }), 'ann', WAIVER);
    expect(await judged(here)).toMatchObject(PENDING('not-a-member'));
    await plant(waiver({ requirement: 'approval:security', artifacts: request.artifacts }), 'cleo', WAIVER);
    expect(await judged(here)).toMatchObject({ result: 'allow' });
    const later = new Date(Date.now() + 2 * 3_600_000).toISOString().replace(/\.\d+/, '');
    expect(await judged(here, 'dist/a.tgz', '--at', later)).toMatchObject({ result: 'pending' });
    const edited = here.read('signwright.yaml').replace('version: 1\n', `version: 1\ninvalidate-before: "${later}"\n`);
    here.write('signwright.yaml', edited);
    expect(await judged(here)).toMatchObject({ result: 'pending' });
  });
});

describe.skipIf(!hasSshKeygen).concurrent('whoever can write to the evidence store', () => {
  test('can put requests that mislead nobody: their texts move no cursor, and what the policy does not demand is not signed', async () => {
    const here = await project();
    const { put, request } = await attacker(here, await here.asked());
    const requester = 'bob) and approved by everybody \u202edlrow';
    const lying = await put(writeRequest({ ...request, requester, commit: 'see https://acme.example' }));
    const shown = await here.run(['approve', lying, '--key', here.key('ann')]);
    expect(shown.stdout).toContain('asked for by "bob) and approved by everybody \\u{202e}dlrow" (as the run says)');
    expect(shown.stdout).toContain('from commit "see https://acme.example"');
    const renamed = await put(
      writeRequest({ ...request, artifacts: request.artifacts.map((one) => ({ ...one, name: 'other/x' })) }),
    );
    expect(await here.answer('ann', renamed)).toMatchObject({
      status: 1,
      stderr: /other\/x: the policy lets it go nowhere near default now/,
    });
    const looser = request.artifacts.map((one) => ({ ...one, requirements: sha256('nothing') }));
    expect(await here.answer('ann', await put(writeRequest({ ...request, artifacts: looser })))).toMatchObject({ status: 1 });
  });

  test('cannot edit a request: it is another one then, or cannot be read', async () => {
    const here = await project();
    const id = await here.asked();
    const path = `.signwright/evidence/evidence/${id.slice(7, 9)}/${id.slice(9)}`;
    here.write(path, readFileSync(here.path(path), 'utf8').replace('"environment":"default"', '"environment":"test"'));
    const { status, stdout } = await here.run(['approve', id, '--key', here.key('ann'), '--yes']);
    expect([status, stdout]).not.toEqual([0, expect.anything()]);
    expect(stdout).not.toContain('approved');
  });

  test('asks for thousands of artifacts, of which fifty are shown and all can be seen', async () => {
    const here = await project();
    const { put, request } = await attacker(here, await here.asked());
    const [first] = request.artifacts;
    if (first === undefined) throw new Error('no artifact');
    const artifacts = Array.from({ length: 3000 }, (_, at) => ({
      ...first,
      name: `dist/${String(at).padStart(4, '0')}.tgz`,
      digest: sha256(`${at}`),
    }));
    const many = await put(writeRequest({ ...request, artifacts }));
    const { stdout } = await here.run(['approve', many, '--key', here.key('ann')]);
    expect(stdout.split('\n').length).toBeLessThan(200);
    expect(stdout).toContain(`… and 2950 more: signwright approval show ${many}`);
    const all = JSON.parse(await here.done('approval', 'show', many)) as { request: { artifacts: unknown[] } };
    expect(all.request.artifacts).toHaveLength(3000);
  });

  test('can hide an approval, which allows nothing, and a rejection only where the log does not tell', async () => {
    const here = await project({ approvals: '[engineering]' });
    here.write('signwright.yaml', here.read('signwright.yaml').replace('audit: best-effort', 'audit: required'));
    const id = await here.asked();
    expect(await here.answer('ann', id)).toMatchObject({ status: 0 });
    expect(await judged(here)).toMatchObject({ result: 'allow' });
    const rejection = await here.answer('bob', id, '--reject', '--reason', 'unsafe');
    expect(await judged(here)).toMatchObject({ result: 'deny' });
    const evidence = /evidence sha256:([0-9a-f]{64})/.exec(rejection.stdout)?.[1] ?? '';
    forget(here, evidence);
    const hidden = await judged(here);
    expect(hidden.result).toBe('inconclusive');
  });

  test('floods it with more than anybody needs: that is told at once, and decides nothing', async () => {
    const here = await project();
    const id = await here.asked();
    const store = await openEvidence(namedPlace(here.path('.signwright/evidence'), '--evidence'));
    const { request } = await attacker(here, id);
    const subjects = request.artifacts.map(({ digest }) => digest);
    await store.putAll(Array.from({ length: 1100 }, (_, at) => ({ evidence: Buffer.from(`{"junk":${at}}`), subjects })));
    const started = performance.now();
    expect(await here.run(['verify'])).toMatchObject({
      status: 3,
      stderr: /the store lists 110\d pieces of evidence about sha256:\w+, more than 1000/,
    });
    expect(await here.answer('ann', id)).toMatchObject({ status: 3 });
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});

/** Takes a piece out of a directory store, and out of all it is listed under. */
function forget(here: PeopleWorkspace, hex: string): void {
  const root = here.path('.signwright/evidence');
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.replaceAll('/', '').endsWith(hex));
  expect(found).not.toEqual([]);
  for (const name of found) rmSync(join(root, name), { recursive: true });
}

describe.skipIf(!hasSshKeygen).concurrent('the log', () => {
  test('holds no reason, no e-mail address and no secret of what people said', async () => {
    const here = await project();
    const id = await here.asked();
    await here.answer('ann', id, '--reason', 'ask root@acme.example');
    await here.answer('bob', id, '--reject', '--reason', 'mail bob@acme.example');
    await here.run([
      'waive',
      'approval:security',
      'dist/a.tgz',
      '--reason',
      'told eve@acme.example',
      '--key',
      'keys/cleo',
      '--yes',
    ]);
    const log = here
      .files('log')
      .map((name) => here.read(`log/${name}`))
      .join('\n');
    expect(log).toMatch(/"person":"bob"/);
    expect(log).not.toMatch(/acme\.example/);
  });
});
