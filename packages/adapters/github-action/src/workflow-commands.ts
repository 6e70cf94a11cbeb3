import { randomUUID } from 'node:crypto';
import { EOL } from 'node:os';

type Properties = Readonly<Record<string, string | undefined>>;

/**
 * A workflow command, as the runner reads it from a line of its own
 * (https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands).
 */
export function workflowCommand(command: string, properties: Properties, message: string): string {
  const given = Object.entries(properties).flatMap(([name, value]) => (value ? [`${name}=${inProperty(value)}`] : []));
  return `::${command}${given.length === 0 ? '' : ` ${given.join(',')}`}::${inMessage(message)}${EOL}`;
}

function inMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function inProperty(text: string): string {
  return inMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** The lines that stop the runner from reading commands in what is printed between them, for nobody knows the word in advance. */
export function withoutCommands(): { readonly stop: string; readonly resume: string } {
  const word = randomUUID();
  return { stop: workflowCommand('stop-commands', {}, word), resume: workflowCommand(word, {}, '') };
}

/** An entry of the file GITHUB_OUTPUT; nothing in the value can end it. */
export function outputEntry(name: string, value: string): string {
  const end = `end-${randomUUID()}`;
  return `${name}<<${end}${EOL}${value}${EOL}${end}${EOL}`;
}
