import type { Command } from 'commander';
import { type PolicyExplainOptions, policyCheck, policyExplain, policySchema } from './commands/policy.ts';
import { policyDiff } from './commands/policy-diff.ts';
import { type PolicySignOptions, policySign } from './commands/policy-sign.ts';
import { type PolicyTestOptions, policyTest } from './commands/policy-test.ts';
import type { Run } from './context/run.ts';
import { descriptor, example, type Finish } from './program-parts.ts';
import { anchorOption, outputOption, POLICY, policyOptions } from './shared-options.ts';

/** The commands about policies. */
export function addPolicy(policy: Command, finish: Finish, run: Run): void {
  anchorOption(policy.command('check'))
    .description('check a policy, and print its digest')
    .argument('[policy]', POLICY, 'signwright.yaml')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nAs json: version, file, name, serial, digest, trustRoot, anchored, warnings, notEnforced.')
    .addHelpText('after', example('signwright policy check'))
    .action((file: string, options: Parameters<typeof policyCheck>[1]) => finish(policyCheck(file, options)));
  policyOptions(policy.command('explain'))
    .description('say which rule and tier an artifact falls under, and what is demanded of it')
    .argument('<name>', 'what the policy calls the artifact: dist/app.tgz')
    .option('--kind <kind>', 'its kind, as a signed part would state it')
    .option('--environment <id>', 'where it is to go')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nAs json: version, status, kind, environment, tiers, requirements, digest, enforced, notEnforced, queries (how it came about).',
    )
    .addHelpText('after', example('signwright policy explain dist/app.tgz --environment production'))
    .action((name: string, options: PolicyExplainOptions) => finish(policyExplain(name, options)));
  policy
    .command('schema')
    .description('print the JSON Schema of policies, for editors')
    .addHelpText('after', example('signwright policy schema > policy.schema.json'))
    .option('--cases', 'of files of cases, as "policy test" reads them')
    .action((options: { cases?: true }) => finish(policySchema(options)));
  policy
    .command('diff')
    .description('say in words what one policy asks for more or less than another')
    .argument('<old>', 'the policy as it was')
    .argument('<new>', 'the policy as it is to be')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExits 1 where something became weaker, or may have; what is not understood may have. As json: version, old, new, weaker, stricter, changes.',
    )
    .addHelpText('after', example('signwright policy diff main/signwright.yaml signwright.yaml'))
    .action((old: string, now: string, options: { output: 'text' | 'json' }) => finish(policyDiff(old, now, options)));
  anchorOption(policy.command('test'))
    .description('hold a policy to cases: names and files, and what must come out of them')
    .argument('<cases>', 'a file of cases (its schema: signwright policy schema --cases)')
    .option('--policy <policy>', `${POLICY} (default: the one the cases name, else signwright.yaml beside them)`)
    .addOption(outputOption(['text', 'json', 'junit']))
    .addHelpText('after', '\nExits 1 where a case fails. As json: version, file, policy, failed, cases.')
    .addHelpText('after', example('signwright policy test cases.yaml --output junit > cases.xml'))
    .action((cases: string, options: PolicyTestOptions) => finish(policyTest(cases, options, run)));
  policy
    .command('sign')
    .description('sign this edition of a policy, for those who build on it and for anchors; into FILE.sigstore.json')
    .argument('[file]', 'the policy', 'signwright.yaml')
    .requiredOption('--signer <id>', 'the signer of the policy to sign as')
    .option('--passphrase-env <name>', "the environment variable with the key's passphrase")
    .option('--passphrase-fd <number>', "the open descriptor with the key's passphrase", descriptor)
    .addHelpText('after', example('signwright policy sign signwright.yaml --signer policy'))
    .action((file: string, options: PolicySignOptions) => finish(policySign(file, options, run)));
}
