/** An input or output of the table as task.json names it: `passphrase-env` is `passphraseEnv`. */
export function inCamelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
