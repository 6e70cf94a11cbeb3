import { COMMAND_DESCRIPTIONS, type Input, JOB_COMMANDS, OUTPUTS } from '../../../packages/apps/cli/src/job/inputs.ts';
import type { AzureTask, TaskInput } from './azure-task-shape.ts';
import { inCamelCase, inputsFor, isForAll } from './table.ts';

const HELP = 'https://signwright.dev/docs/azure-devops';
/** Of the Node handler 20_1; older agents have none that this task runs on. */
const MINIMUM_AGENT = '3.232.1';

/** `Signwright@1` (https://raw.githubusercontent.com/microsoft/azure-pipelines-task-lib/master/tasks.schema.json). */
export function azureTask(version: string): AzureTask {
  const [, minor = 0, patch = 0] = version.split('.').map(Number);
  return {
    $schema: 'https://raw.githubusercontent.com/microsoft/azure-pipelines-task-lib/master/tasks.schema.json',
    id: '6b6b2c39-57b0-4f0e-9d7e-4a3f2f6c6d15',
    name: 'Signwright',
    friendlyName: 'Signwright',
    description: 'Plan, sign, ask for approvals and verify, as one policy says',
    helpUrl: HELP,
    helpMarkDown: `[What it does, and what each failure means](${HELP})`,
    category: 'Utility',
    visibility: ['Build', 'Release'],
    runsOn: ['Agent', 'DeploymentGroup'],
    author: 'Signwright',
    version: { Major: 1, Minor: minor, Patch: patch },
    minimumAgentVersion: MINIMUM_AGENT,
    instanceNameFormat: 'Signwright $(command)',
    showEnvironmentVariables: true,
    inputs: [commandInput(), ...inputsFor('azure-devops').map(inputOf), connectionInput()],
    outputVariables: OUTPUTS.map(({ name, description }) => ({ name: inCamelCase(name), description })),
    // Whatever gets into the log sets no other variable.
    restrictions: { settableVariables: { allowed: OUTPUTS.map(({ name }) => inCamelCase(name)) } },
    execution: { Node20_1: { target: 'main.cjs' }, Node24: { target: 'main.cjs' } },
  };
}

function commandInput(): TaskInput {
  return {
    name: 'command',
    type: 'pickList',
    label: 'Command',
    defaultValue: 'verify',
    required: true,
    options: Object.fromEntries(JOB_COMMANDS.map((name) => [name, name])),
    helpMarkDown: JOB_COMMANDS.map((name) => `**${name}**: ${COMMAND_DESCRIPTIONS[name]}`).join('<br>'),
  };
}

function inputOf(input: Input): TaskInput {
  const { name, type, default: value, description, commands } = input;
  return {
    name: inCamelCase(name),
    type: type === 'list' ? 'multiLine' : type === 'boolean' ? 'boolean' : 'string',
    label: labelOf(name),
    defaultValue: String(value),
    required: false,
    ...(isForAll(input) ? {} : { visibleRule: commands.map((command) => `command = ${command}`).join(' || ') }),
    helpMarkDown: description,
  };
}

/** Of the adapter's own: the command line knows it as SIGNWRIGHT_SERVICE_CONNECTION. */
function connectionInput(): TaskInput {
  return {
    name: 'serviceConnection',
    type: 'connectedService:AzureRM',
    label: 'Service connection',
    defaultValue: '',
    required: false,
    visibleRule: 'command = sign || command = verify || command = drill',
    helpMarkDown:
      'Sign as this service connection (workload identity federation). Default: as the pipeline itself. The ID token is good at Entra too, so take one without any Azure role.',
  };
}

function labelOf(name: string): string {
  const words = name.replaceAll('-', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
