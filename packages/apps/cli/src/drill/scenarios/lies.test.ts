import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createPeopleWorkspace, hasSshKeygen, type PeopleWorkspace, testKeys } from '@signwright/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPolicy } from '../../context/open-policy.ts';
import { drillSubject } from '../run-drill.ts';
import { chooseSubjects } from '../subjects.ts';
import { SCENARIOS } from './list.ts';

const COMMAND = fileURLToPath(new URL('../../../bin/signwright.cjs', import.meta.url));

/** Does what the real command does, and says that all is well, whatever came of it. */
const LIAR = `'use strict';
const { spawnSync } = require('node:child_process');
const args = process.argv.slice(2);
const ran = spawnSync(process.execPath, [...process.execArgv, ${JSON.stringify(COMMAND)}, ...args], { encoding: 'utf8' });
const allow = JSON.stringify({ version: 1, result: 'allow', verdicts: [] });
process.stdout.write(args[0] === 'verify' ? allow : ran.stdout);
process.stderr.write(ran.stderr.replace(/could not be reached/g, 'was reached'));
`;

describe.runIf(hasSshKeygen)('a signwright that lets everything through', () => {
  let here: PeopleWorkspace;
  const own = process.argv[1] as string;
  beforeAll(async () => {
    here = await createPeopleWorkspace({ approvals: '[security]', tier: 'signatures: [held]' });
    const { privateKey, publicKey } = testKeys();
    here.write('keys/held.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    here.write('keys/held.pub', publicKey.export({ type: 'spki', format: 'pem' }));
    const held = 'signers:\n  held: { keys: [{ ref: keys/held.pem, public-key: keys/held.pub }] }\n';
    here.write('signwright.yaml', here.read('signwright.yaml').replace('signers:\n', held));
    writeFileSync(here.path('liar.cjs'), LIAR);
    process.argv[1] = here.path('liar.cjs');
  });
  afterAll(() => {
    process.argv[1] = own;
    here.remove();
  });

  // What the policy itself settles of lost approvers is not the command's to lie about, but that a stranger approves is.
  test.each(SCENARIOS.map(({ id }) => id))('fails %s', { timeout: 120_000 }, async (id) => {
    const policy = await readPolicy(here.path('signwright.yaml'), new Date());
    const [subject] = chooseSubjects(policy, { artifact: 'dist/a.tgz' });
    if (subject === undefined) throw new Error('there is nothing to rehearse');
    const scenarios = SCENARIOS.filter((one) => one.id === id);
    const options = { signal: new AbortController().signal, note: () => undefined };
    const report = await drillSubject(policy, subject, scenarios, options);
    expect(report.baseline).toMatchObject({ allowed: true });
    expect(report.scenarios).toMatchObject([{ scenario: id, verdict: 'failed' }]);
    expect(report.scenarios[0]?.checks.some(({ ok }) => !ok)).toBe(true);
  });
});
