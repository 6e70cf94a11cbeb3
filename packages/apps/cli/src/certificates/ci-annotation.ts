import { oneLine } from '@signwright/report';
import type { Environment } from '@signwright/signing-core';

/**
 * A warning as the CI that runs this shows it beside the job: a workflow command of GitHub, a logging command of Azure Pipelines;
 * GitLab and Jenkins have none for a job's log, so there it is a plain line.
 *
 * @param text with parts from outside: whatever is in it is no command.
 */
export function ciWarning(title: string, text: string, environment: Environment): string {
  const line = oneLine(text);
  if (environment['GITHUB_ACTIONS'] === 'true')
    return `::warning title=${githubProperty(oneLine(title))}::${line.replaceAll('%', '%25')}\n`;
  if (environment['TF_BUILD'] !== undefined && environment['TF_BUILD'] !== '')
    return `##vso[task.logissue type=warning]${line.replaceAll('%', '%AZP25')}\n`;
  return `WARNING: ${oneLine(title)}: ${line}\n`;
}

function githubProperty(text: string): string {
  return text.replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll(',', '%2C');
}
