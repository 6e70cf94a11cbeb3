/** A step of a container file: what it does, and all that stands after it, its lines joined. */
export type Step = { readonly instruction: string; readonly argument: string };

const KNOWN = new Set(['ARG', 'FROM', 'RUN', 'WORKDIR', 'COPY', 'ENV', 'USER']);

/** Reads a container file as far as ours goes: comments, one instruction a line, lines that end in a backslash go on. @throws Error for all else. */
export function readContainerFile(text: string): Step[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const joined = lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  return joined.map((line) => {
    const [, instruction = '', argument = ''] = /^([A-Z]+) (\S.*)$/.exec(line) ?? [];
    if (!KNOWN.has(instruction)) throw new Error(`this is no step we know: ${line}`);
    return { instruction, argument };
  });
}
