/** An input of a task of Azure Pipelines. */
export type TaskInput = {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly defaultValue: string;
  readonly required: boolean;
  readonly options?: Readonly<Record<string, string>>;
  /** `INPUT = VALUE`, several joined by `||` or by `&&`. */
  readonly visibleRule?: string;
  readonly helpMarkDown: string;
};

/** As much of task.json as ours has. */
export type AzureTask = {
  readonly $schema: string;
  readonly id: string;
  readonly name: string;
  readonly friendlyName: string;
  readonly description: string;
  readonly helpUrl: string;
  readonly helpMarkDown: string;
  readonly category: string;
  readonly visibility: readonly string[];
  readonly runsOn: readonly string[];
  readonly author: string;
  readonly version: { readonly Major: number; readonly Minor: number; readonly Patch: number };
  readonly minimumAgentVersion: string;
  readonly instanceNameFormat: string;
  readonly showEnvironmentVariables: boolean;
  readonly inputs: readonly TaskInput[];
  readonly outputVariables: readonly { readonly name: string; readonly description: string }[];
  readonly restrictions: { readonly settableVariables: { readonly allowed: readonly string[] } };
  readonly execution: Readonly<Record<string, { readonly target: string }>>;
};

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const WORD = /^[A-Za-z][A-Za-z0-9]*$/;
const CATEGORIES = ['Build', 'Deploy', 'Package', 'Utility', 'Test', 'Tool'];
const TYPES = /^(string|multiLine|boolean|pickList|filePath|radio|secureFile|connectedService:[A-Za-z]+)$/;
const KEYS = [
  '$schema',
  'id',
  'name',
  'friendlyName',
  'description',
  'helpUrl',
  'helpMarkDown',
  'category',
  'visibility',
  'runsOn',
  'author',
  'version',
  'minimumAgentVersion',
  'instanceNameFormat',
  'showEnvironmentVariables',
  'inputs',
  'outputVariables',
  'restrictions',
  'execution',
];
const INPUT_KEYS = ['name', 'type', 'label', 'defaultValue', 'required', 'options', 'visibleRule', 'helpMarkDown'];

/**
 * What is wrong with a task.json, a line each. Microsoft's schema lets pass what the agent and the editor then trip over: unknown
 * keys, rules that name no input, defaults that are no option, twins that differ in case, agents too old for the handlers.
 */
export function problemsOfTask(task: AzureTask): string[] {
  const { id, name, friendlyName, description, category, version, minimumAgentVersion, instanceNameFormat, execution } = task;
  const names = task.inputs.map((input) => input.name);
  const outputs = task.outputVariables.map((output) => output.name);
  return [
    ...Object.keys(task).flatMap((key) => unless(KEYS.includes(key), `there is no key ${key}`)),
    ...KEYS.flatMap((key) => unless(key in task, `${key} is missing`)),
    ...unless(GUID.test(id), 'id is not a GUID in lower case'),
    ...unless(WORD.test(name), 'name is not one word'),
    ...unless(friendlyName.length <= 40, 'friendlyName is longer than 40 characters'),
    ...unless(description.length <= 80, 'description is longer than 80 characters'),
    ...unless(CATEGORIES.includes(category), `category is none of ${CATEGORIES.join(', ')}`),
    ...unless(
      Object.values(version).every((part) => Number.isSafeInteger(part) && part >= 0),
      'version is not three numbers',
    ),
    ...unless(isAtLeast(minimumAgentVersion, '3.232.1'), 'minimumAgentVersion is older than the handler Node20_1 (3.232.1)'),
    ...[...instanceNameFormat.matchAll(/\$\((.*?)\)/g)].flatMap(([, named = '']) =>
      unless(names.includes(named), `instanceNameFormat names ${named}, which is no input`),
    ),
    ...unless(
      ['Node20_1', 'Node24'].every((handler) => handler in execution),
      'execution lacks Node20_1 or Node24',
    ),
    ...Object.entries(execution).flatMap(([handler, { target }]) =>
      unless(/^[a-z-]+\.cjs$/.test(target), `the target of ${handler} is no file beside task.json`),
    ),
    ...twins(names).map((twin) => `two inputs are called ${twin}`),
    ...twins(outputs).map((twin) => `two outputs are called ${twin}`),
    ...task.restrictions.settableVariables.allowed.flatMap((one) =>
      unless(outputs.includes(one), `${one} may be set, and is no output`),
    ),
    ...task.inputs.flatMap((input) => problemsOfInput(input, task.inputs).map((problem) => `input ${input.name}: ${problem}`)),
  ];
}

function problemsOfInput(input: TaskInput, all: readonly TaskInput[]): string[] {
  const { name, type, label, defaultValue, options, visibleRule, helpMarkDown } = input;
  const choices = options === undefined ? undefined : Object.keys(options);
  return [
    ...Object.keys(input).flatMap((key) => unless(INPUT_KEYS.includes(key), `there is no key ${key}`)),
    ...unless(WORD.test(name), 'its name is not one word'),
    ...unless(TYPES.test(type), `there is no type ${type}`),
    ...unless(label !== '' && helpMarkDown !== '', 'it has no label, or no help'),
    ...unless((type === 'pickList') === (choices !== undefined), 'a pickList, and nothing else, has options'),
    ...unless(choices === undefined || choices.includes(defaultValue), `its default ${defaultValue} is none of its options`),
    ...unless(type !== 'boolean' || ['true', 'false'].includes(defaultValue), 'its default is neither true nor false'),
    ...(visibleRule === undefined ? [] : problemsOfRule(visibleRule, name, all)),
  ];
}

function problemsOfRule(rule: string, name: string, all: readonly TaskInput[]): string[] {
  if (rule.includes('||') && rule.includes('&&')) return ['its visibleRule mixes || and &&'];
  return rule.split(/\|\||&&/).flatMap((part) => {
    const [, other = '', value = ''] = /^([A-Za-z0-9]+) (?:=|!=) ([A-Za-z0-9-]+)$/.exec(part.trim()) ?? [];
    if (other === '') return [`its visibleRule has "${part.trim()}", which is no comparison`];
    const target = all.find((one) => one.name === other);
    if (target === undefined || other === name) return [`its visibleRule names ${other}, which is no other input`];
    return unless(
      target.options === undefined || value in target.options,
      `its visibleRule names ${value}, which is no option of ${other}`,
    );
  });
}

function unless(right: boolean, problem: string): string[] {
  return right ? [] : [problem];
}

/** Names the agent takes for one: it puts them into the environment in capitals. */
function twins(names: readonly string[]): string[] {
  const capitals = names.map((name) => name.toUpperCase());
  return names.filter((name, at) => capitals.indexOf(name.toUpperCase()) !== at);
}

function isAtLeast(version: string, least: string): boolean {
  if (!/^\d+\.\d+\.\d+$/.test(version)) return false;
  return version.localeCompare(least, 'en', { numeric: true }) >= 0;
}
