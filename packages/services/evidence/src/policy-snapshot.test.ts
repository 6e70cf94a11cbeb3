import { loadPolicy } from '@signwright/policy';
import { readSnapshot, recordReads, SignwrightError, snapshotReader, writeSnapshot } from '@signwright/signing-core';
import { expect, test } from 'vitest';

const now = new Date('2026-11-22T12:00:00Z');
const KEY = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
`;
const BASE = `version: 1
trust: { root: trust/root.json }
signers: { build: { keys: [{ ref: keys/a.pem, public-key: trust/a.pub }] } }
tiers: { internal: { signatures: [build] } }
artifacts: [{ match: "dist/**", tier: internal }]
`;
const files: { [path: string]: string } = {
  '../central/base.yaml': BASE,
  '../central/trust/root.json': '{ "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1" }',
  '../central/trust/root.issuers.json': '{ "version": 1, "certificateAuthorities": [] }',
  '../central/trust/a.pub': KEY,
  'unrelated.txt': 'not read',
};
const readFrom = (all: { [path: string]: string }) => async (path: string) => {
  const text = all[path];
  if (text !== undefined) return Buffer.from(text);
  throw new SignwrightError('configuration', `no file ${path}`, { cause: Object.assign(new Error('none'), { code: 'ENOENT' }) });
};

test.each([
  ['with all it names', files],
  ['without what it may lack', { ...files, '../central/trust/root.issuers.json': undefined as unknown as string }],
])('a policy loaded from its snapshot, %s, is the same policy', async (_, all) => {
  const central = await loadPolicy('base.yaml', async (path) => readFrom(all)(`../central/${path}`), { now });
  const top = `version: 1\nextends: { file: ../central/base.yaml, sha256: ${central.digest} }\nartifacts: [{ match: "dist/*.tgz", tier: internal }]\n`;
  const { read, files: seen } = recordReads(readFrom({ ...all, 'signwright.yaml': top }));
  const policy = await loadPolicy('/srv/app/signwright.yaml', read, { now });
  const bytes = writeSnapshot({ digest: policy.digest, file: 'signwright.yaml', files: seen });

  const snapshot = readSnapshot(bytes);
  expect([...snapshot.files.keys()]).not.toContain('unrelated.txt');
  const again = await loadPolicy(snapshot.file, snapshotReader(snapshot), { now });
  expect(again.digest).toBe(snapshot.digest);
  expect(again.digest).toBe(policy.digest);
  expect(again.layers.map(({ digest }) => digest)).toEqual(policy.layers.map(({ digest }) => digest));
  expect(again.trust?.root?.wholeDigest).toBe(policy.trust?.root?.wholeDigest);
});
