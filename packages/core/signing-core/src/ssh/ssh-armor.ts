import { Refused } from '../refused.ts';
import { MAX_SSH_SIGNATURE } from './ssh-signature.ts';

const BEGIN = '-----BEGIN SSH SIGNATURE-----';
const END = '-----END SSH SIGNATURE-----';
const WIDTH = 70;

/** A binary signature as the text `ssh-keygen -Y sign` writes, with a line break at its end. */
export function armorSshSignature(blob: Uint8Array): string {
  const lines =
    Buffer.from(blob)
      .toString('base64')
      .match(new RegExp(`.{1,${WIDTH}}`, 'g')) ?? [];
  return `${[BEGIN, ...lines, END].join('\n')}\n`;
}

/**
 * The binary signature inside the text of {@link armorSshSignature}: one, and nothing before or after it. How its lines are broken, and
 * by what, is left open, as in `ssh-keygen`.
 *
 * @throws Refused `malformed`.
 */
export function unarmorSshSignature(text: string): Buffer {
  if (text.length > 2 * MAX_SSH_SIGNATURE)
    throw malformed(`is ${text.length} characters long; at most ${2 * MAX_SSH_SIGNATURE} are read`);
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines.shift() !== BEGIN || lines.pop() !== END) throw malformed(`is not text between ${BEGIN} and ${END}`);
  const base64 = lines.join('');
  const blob = Buffer.from(base64, 'base64');
  if (blob.length === 0 || blob.toString('base64') !== base64) throw malformed('is not whole base64');
  return blob;
}

function malformed(why: string): Refused {
  return new Refused('malformed', `the SSH signature ${why}`);
}
