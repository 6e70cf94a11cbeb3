import { expect, test } from 'vitest';
import { azureTask } from './azure-task.ts';
import { type AzureTask, problemsOfTask, type TaskInput } from './azure-task-shape.ts';

const sound = azureTask('0.1.0');
const withInput = (change: Partial<TaskInput>, name = 'wait'): AzureTask => ({
  ...sound,
  inputs: sound.inputs.map((input) => (input.name === name ? { ...input, ...change } : input)),
});

test('our task.json is sound', () => {
  expect(problemsOfTask(sound)).toEqual([]);
});

test.each<[string, AzureTask, RegExp]>([
  ['an id in capitals', { ...sound, id: sound.id.toUpperCase() }, /^id is not a GUID/],
  ['an unknown key', { ...sound, demands: [] } as AzureTask, /^there is no key demands$/],
  ['a name of two words', { ...sound, name: 'Sign wright' }, /^name is not one word$/],
  ['a long title', { ...sound, friendlyName: 'x'.repeat(41) }, /^friendlyName/],
  ['a category of its own', { ...sound, category: 'Security' }, /^category/],
  ['a version with a word', { ...sound, version: { Major: 1, Minor: Number.NaN, Patch: 0 } }, /^version/],
  ['an agent too old for the handler', { ...sound, minimumAgentVersion: '3.99.0' }, /^minimumAgentVersion/],
  ['a title that names no input', { ...sound, instanceNameFormat: 'x $(nothing)' }, /^instanceNameFormat names nothing/],
  ['a handler that is missing', { ...sound, execution: { Node24: { target: 'main.cjs' } } }, /^execution lacks/],
  [
    'a target elsewhere',
    { ...sound, execution: { ...sound.execution, Node24: { target: '../x.cjs' } } },
    /^the target of Node24/,
  ],
  ['a variable that is no output', { ...sound, restrictions: { settableVariables: { allowed: ['PATH'] } } }, /^PATH may be set/],
  ['two inputs that differ in case', withInput({ name: 'PATHS' }), /^two inputs are called PATHS$/],
  ['a type that is none', withInput({ type: 'text' }), /^input wait: there is no type text$/],
  ['options of no pickList', withInput({ options: { '0s': 'at once' } }), /^input wait: a pickList, and nothing else/],
  ['a default that is no option', withInput({ defaultValue: 'go' }, 'command'), /^input command: its default go/],
  ['a default that is not true or false', withInput({ defaultValue: 'yes' }, 'collect'), /^input collect: its default/],
  ['a rule that names no input', withInput({ visibleRule: 'cmd = verify' }), /^input wait: its visibleRule names cmd/],
  ['a rule that names no option', withInput({ visibleRule: 'command = deploy' }), /^input wait: its visibleRule names deploy/],
  ['a rule about itself', withInput({ visibleRule: 'wait = x' }), /^input wait: its visibleRule names wait/],
  ['a rule of both kinds', withInput({ visibleRule: 'command = plan || command = sign && command = verify' }), /mixes/],
  ['a rule that is none', withInput({ visibleRule: 'command is verify' }), /which is no comparison/],
  ['an input without help', withInput({ helpMarkDown: '' }), /^input wait: it has no label, or no help$/],
])('%s is found', (_, task, problem) => {
  expect(problemsOfTask(task)).toEqual([expect.stringMatching(problem)]);
});
