import { logKeyCounts, SignwrightError, verifierKeyOf } from '@signwright/signing-core';
import { auditDefinition, logKeysOf } from '../../context/open-log.ts';
import { checkIsFile, type OpenPolicy, openPolicy, type PolicyOptions } from '../../context/open-policy.ts';
import type { Run } from '../../context/run.ts';
import { openReference } from '../../context/signers/open-key.ts';
import { type PassphraseOptions, passphraseOf } from '../../context/signers/passphrase.ts';
import { editPolicy } from '../../policy-edit/edit-policy.ts';
import { finishEdit } from '../../rotate/finish-edit.ts';
import { handOver } from '../../rotate/hand-over.ts';
import { overlapOf, type RotationOptions } from '../../rotate/terms.ts';

export type AuditRotateOptions = PolicyOptions & PassphraseOptions & RotationOptions & { readonly to: string };

/**
 * `signwright audit rotate --to REFERENCE`: another key for the log. Checkpoints that the old key signed go on counting for what was
 * signed before its end; new ones are signed by the new key from `from` on, wherever the policy is followed.
 */
export async function auditRotate(options: AuditRotateOptions, { signal }: Run): Promise<void> {
  checkIsFile(options.policy, 'it is edited');
  const now = new Date();
  const open = await openPolicy(options, now);
  checkOwn(open);
  const keys = logKeysOf(auditDefinition(open));
  const { from, until } = overlapOf(options, now);
  const old = keys.findIndex((key) => logKeyCounts(key, Date.parse(from)) && key.until === undefined);
  if (old < 0) {
    throw new SignwrightError('usage', 'each key of the log has an end already, or counts later only', {
      where: open.file,
      next: 'look at audit.verifier-keys: the key that signs now has no "until"',
    });
  }
  const idToken = async (): Promise<never> => {
    throw new SignwrightError('usage', "the log's key is no job's", {
      next: 'look at the key with a token of your own (login=token)',
    });
  };
  const opening = { directory: open.directory, passphrase: passphraseOf(options), signal, idToken };
  const publicKey = await (await openReference(options.to, 'the new key of the log', opening, {})).publicKey();
  const { text } = verifierKeyOf(keys[0].name, publicKey, 'log');
  const edited = await editPolicy(
    options.policy,
    (document) =>
      handOver(document, { list: ['audit', 'verifier-keys'], at: old, bare: 'key' }, { key: text, ref: options.to, from }, until),
    now,
  );
  await finishEdit(edited, options.write === true, [
    `From ${from} on "signwright audit sequence" signs with the new key. Have it run between then and ${until}: after that nobody believes a`,
    'log whose newest checkpoint is by the old key. Keep the line of the old key as long as what it proves is verified.',
  ]);
}

function checkOwn({ policy, file }: OpenPolicy): void {
  if (policy.layers.at(-1)?.content.audit?.['verifier-keys'] !== undefined) return;
  throw new SignwrightError('usage', 'this file does not list the keys of the log', {
    where: file,
    next: 'name the policy that does: --policy FILE',
  });
}
