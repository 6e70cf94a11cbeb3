import { readFileSync } from 'node:fs';
import {
  createPeopleWorkspace,
  createWorkspace,
  freshKeys,
  hasSshKeygen,
  type PeopleWorkspace,
  type Workspace,
} from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const PAGE = readFileSync(new URL('../../../../../docs/rotation.md', import.meta.url), 'utf8');
const OLD_LOG = 'log.acme.example/releases';
/** What stands for names of the page's company in a workspace. */
const HERE: [string, string][] = [
  ['2028-01-31', new Date(Date.now() + 365 * 86_400_000).toISOString().slice(0, 10)],
  ['2027-01-11', new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)],
  ['2027-01-25', new Date(Date.now() + 44 * 86_400_000).toISOString().slice(0, 10)],
];

type Section = { readonly title: string; readonly commands: readonly string[] };

/** The commands of each section, in the order they stand there. */
const sections = PAGE.split(/^## /m)
  .slice(1)
  .map((text): Section => {
    const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
    return { title: text.split('\n')[0] ?? '', commands: blocks.flatMap((block) => block.trim().split('\n')) };
  });

/** The arguments of a line, as a shell would read it: blanks part them, double quotes keep them together. */
function argumentsOf(line: string): string[] {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  expect(words.shift()).toBe('signwright');
  return words;
}

let people: PeopleWorkspace;
let here: Workspace;
beforeAll(async () => {
  if (!hasSshKeygen) return;
  people = await createPeopleWorkspace();
  here = await createWorkspace({ files: { 'dist/a.bin': 'a' } });
  const other = await createWorkspace({ trial: false });
  await other.run(['trust', 'init', '--trial', '--repository', 'https://trial.signwright.invalid/acme/next']);
  for (const kind of ['ca', 'tsa'])
    here.write(
      `${kind}-2027.pem`,
      [`trial-${kind}`, 'trial-root'].map((name) => other.read(`.signwright/trial/${name}.pem`)).join(''),
    );
  other.remove();
  const shown = JSON.parse((await here.run(['trust', 'show', '.signwright/trial/trusted-root.json', '--output', 'json'])).stdout);
  HERE.push(['Acme CA 2026', shown.certificateAuthorities[0].chain[0].sha256]);
  HERE.push(['Acme TSA 2026', shown.timestampAuthorities[0].chain[0].sha256]);
  for (const name of ['trusted-root.json', 'trusted-root.issuers.json']) {
    here.write(`trust/${name}`, here.read(`.signwright/trial/${name}`));
    here.write(`in-use/${name}`, here.read(`.signwright/trial/${name}`));
  }
  const keys: Record<string, string> = {};
  for (const name of ['release', 'release-2027', 'policy-2027', 'trust', 'trust-2027']) {
    const { privateKey, publicKey } = freshKeys();
    here.write(`keys/${name}.pem`, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    keys[name] = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    here.write(`keys/${name}.pub`, keys[name]);
  }
  const owners = (...names: string[]): string =>
    JSON.stringify({ version: 1, threshold: 1, owners: names.map((name) => ({ publicKey: keys[name] })) });
  here.write('trust/trusted-root.owners.json', owners('trust-2027'));
  here.write('in-use/trusted-root.owners.json', owners('trust'));
  here.write('ann-2027.pub', `${people.line('ann-too')}\n`);
  const { stdout } = await here.run(['audit', 'init', '--name', OLD_LOG, '--key', 'keys/log.pem']);
  const [, log = ''] = /"(\S+\+[0-9a-f]{8}\+\S+)"/.exec(stdout) ?? [];
  here.write(
    'signwright.yaml',
    `version: 1
name: acme-central
serial: 12
trust: { root: trust/trusted-root.json, timestamp: { trial: .signwright/trial } }
environments: { default: { allow-development: true } }
people: { ann: { ssh: ["${people.line('ann')}"] } }   # head of security
signers:
${['release', 'policy-2027', 'trust', 'trust-2027'].map((name) => `  ${name}: { keys: [{ ref: keys/${name}.pem, public-key: keys/${name}.pub }] }\n`).join('')}tiers: { internal: { signatures: [release], audit: required } }
artifacts: [{ match: "dist/**", tier: internal }]
audit:
  log: log
  key: keys/log.pem
  verifier-keys: ["${log}"]
`,
  );
  here.write(
    'anchor.yaml',
    `name: acme-central\nmin-serial: 12\nsigned-by:\n  - { public-key: ${JSON.stringify(keys['policy-2027'])}, from: 2026-01-01 }\n  - { public-key: ${JSON.stringify(keys['trust'])}, until: 2026-02-01 }\n`,
  );
  await here.run(['sign', '--no-sidecars']);
});
afterAll(() => {
  people?.remove();
  here?.remove();
});

describe.skipIf(!hasSshKeygen)('docs/rotation.md', () => {
  test('has commands for each motion', () => {
    expect(sections.map(({ title, commands }) => [title, commands.length > 0])).toEqual([
      ["A person's key", true],
      ["A signer's key", true],
      ['The CA of signers', true],
      ['The key of the audit log', true],
      ['A timestamp authority', true],
      ['Who signs the policy', true],
      ['Owners of the trust root', true],
    ]);
  });

  test.each(sections)('its commands do what it says: $title', async ({ commands }) => {
    for (const command of commands) {
      const line = HERE.reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), command);
      const { status, stdout, stderr } = await here.run(argumentsOf(line));
      expect([line, status, status === 0 ? '' : stdout + stderr]).toEqual([line, 0, '']);
    }
  });

  test('leaves a policy with both of each, and its comments', () => {
    const policy = here.read('signwright.yaml');
    expect(policy.match(/, from: |, until: /g)).toHaveLength(6);
    expect(policy).toContain('# head of security');
    expect(here.read('trust/trusted-root.json').match(/"end":/g)).toHaveLength(2);
  });
});
