import { EOL } from 'node:os';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outputEntry, withoutCommands, workflowCommand } from './workflow-commands.ts';

/** As the runner reads a line (actions/runner, ActionCommand.TryParseV2). */
function readByRunner(line: string): { command: string; properties: Record<string, string>; message: string } {
  const [, command = '', properties = '', message = ''] = /^::([^: ]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$/s.exec(line) ?? [];
  const decode = (text: string): string => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n');
  const pairs = properties.split(',').flatMap((pair) => {
    const [name = '', value = ''] = pair.split('=', 2);
    return name === '' ? [] : [[name, decode(value).replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%25', '%')]];
  });
  return { command, properties: Object.fromEntries(pairs), message: decode(message).replaceAll('%25', '%') };
}

const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom('%', '0', 'A', '\n', '\r', ':', ',', '#', '2', '5'), fc.string({ minLength: 1, maxLength: 1 })),
});

test('whatever a message is, the runner reads one command, and the message as it was', () => {
  fc.assert(
    fc.property(anyText, (message) => {
      const line = workflowCommand('error', {}, message);
      expect(line.slice(0, -EOL.length)).not.toMatch(/[\r\n]/);
      expect(readByRunner(line.slice(0, -EOL.length))).toEqual({ command: 'error', properties: {}, message });
    }),
  );
});

test('a property cannot add another, end the command or begin a line', () => {
  expect(workflowCommand('error', { file: 'a,line=1::b\n::set-output name=x::y%2C', title: undefined }, 'm')).toBe(
    `::error file=a%2Cline=1%3A%3Ab%0A%3A%3Aset-output name=x%3A%3Ay%252C::m${EOL}`,
  );
});

test('nobody knows in advance what starts the runner again, nor what ends an output', () => {
  const [one, other] = [withoutCommands(), withoutCommands()];
  expect(one.stop).toMatch(/^::stop-commands::[0-9a-f-]{36}\r?\n$/);
  expect(one.resume).toBe(one.stop.replace('::stop-commands::', '::').replace(EOL, `::${EOL}`));
  expect(one.stop).not.toBe(other.stop);
  expect(outputEntry('a', 'b')).not.toBe(outputEntry('a', 'b'));
  expect(outputEntry('a', 'b\nend')).toMatch(/^a<<(end-[0-9a-f-]{36})\r?\nb\nend\r?\n\1\r?\n$/);
});
