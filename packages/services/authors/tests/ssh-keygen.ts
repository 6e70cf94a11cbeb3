import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifySignature } from '../src/known-author.ts';
import { newPlace } from './git-repository.ts';

/** Verifies by `ssh-keygen -Y verify` against these keys, each tried in turn. */
export function verifyBySshKeygen(publicKeys: readonly string[]): VerifySignature {
  const place = newPlace();
  return (armored, payload) => {
    const [signature, allowed] = [join(place, 'signature'), join(place, 'allowed')];
    writeFileSync(signature, armored);
    return publicKeys.find((key) => {
      writeFileSync(allowed, `someone ${key}`);
      const args = ['-Y', 'verify', '-n', 'git', '-I', 'someone', '-f', allowed, '-s', signature];
      return spawnSync('ssh-keygen', args, { input: payload }).status === 0;
    });
  };
}
