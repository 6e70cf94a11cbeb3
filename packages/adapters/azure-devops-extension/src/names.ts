/** An input of the table as task.json names it: `passphrase-env` is `passphraseEnv`. */
export function inputName(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** An output of the table as a variable: `exit-code` is `exitCode`. */
export const variableName: (name: string) => string = inputName;
