import { adapterNodeModule } from './adapter-node.ts';
import { azureTask } from './azure-task.ts';
import { problemsOfTask } from './azure-task-shape.ts';
import { azureTemplates } from './azure-templates.ts';
import { githubAction } from './github-action.ts';

const EXTENSION = 'packages/adapters/azure-devops-extension';

/**
 * What the Azure DevOps extension and the GitHub Action have of the table of inputs: path from the repository's root → text.
 *
 * @throws Error where task.json would not do.
 */
export function taskFiles(version: string): ReadonlyMap<string, string> {
  const task = azureTask(version);
  const problems = problemsOfTask(task);
  if (problems.length > 0) throw new Error(`Signwright/V1/task.json: ${problems.join('; ')}`);
  return new Map([
    ['packages/adapters/node/src/generated/inputs.ts', adapterNodeModule()],
    ['packages/adapters/github-action/action.yml', githubAction()],
    [`${EXTENSION}/Signwright/V1/task.json`, `${JSON.stringify(task, undefined, 2)}\n`],
    ...[...azureTemplates()].map(([name, text]) => [`${EXTENSION}/templates/${name}`, text] as const),
  ]);
}
