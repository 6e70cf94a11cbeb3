import { writeAtomic } from '@signwright/files';
import { safeJson } from '@signwright/report';
import {
  allowedSignersLine,
  armorSshSignature,
  authorName,
  kindOf,
  parseBundle,
  parseSha256,
  parseSshPublicKey,
  preAuthEncoding,
  readRequest,
  type Sha256,
  SignwrightError,
  verifyEvidence,
} from '@signwright/signing-core';
import { evidenceTrust } from '../context/evidence-trust.ts';
import { evidencePlace, openExistingEvidence } from '../context/open-evidence.ts';
import { type OpenPolicy, openPolicy } from '../context/open-policy.ts';
import { EXIT } from '../exit.ts';

export type ApprovalShowOptions = {
  readonly policy: string;
  readonly anchor?: string;
  readonly evidence?: string;
  readonly pae?: string;
  readonly signature?: string;
  readonly allowedSigners?: string;
};

/**
 * `signwright approval show`: a request, all of it; or what a person signed, verified by the policy, and what others need to check it
 * without us. Nothing is written of what does not hold.
 */
export async function approvalShow(text: string, options: ApprovalShowOptions): Promise<number> {
  const open = await openPolicy(options, new Date());
  const id = parseSha256(/^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : text);
  const bytes = await (await openExistingEvidence(evidencePlace(open, options.evidence))).get(id);
  if (kindOf(bytes) === 'request') {
    refuseFiles(id, options, 'is a request, which nobody signed');
    process.stdout.write(safeJson({ version: 1, evidence: id, request: readRequest(bytes) }));
    return EXIT.allow;
  }
  const verified = await verifyEvidence(id, bytes, evidenceTrust(open));
  if ('code' in verified) {
    throw new SignwrightError('verification', `${id} does not hold: ${verified.message}`, { where: open.file });
  }
  const { statement, author, time } = verified;
  if (author.type !== 'ssh') refuseFiles(id, options, `is signed by ${authorName(author)}, and not with an SSH key`);
  await writeFiles(open, bytes, statement.predicateType, options);
  process.stdout.write(
    safeJson({
      version: 1,
      evidence: id,
      by: authorName(author),
      at: new Date(time.at).toISOString(),
      // As ssh-keygen's -O verify-time takes it.
      verifyTime: new Date(time.at).toISOString().replace(/[-:]|\.\d+/g, ''),
      statement: { predicateType: statement.predicateType, subject: statement.subject, predicate: statement.predicate },
    }),
  );
  return EXIT.allow;
}

/** What ssh-keygen reads is made of statements with an SSH signature alone. */
function refuseFiles(id: Sha256, { pae, signature, allowedSigners }: ApprovalShowOptions, why: string): void {
  if (pae === undefined && signature === undefined && allowedSigners === undefined) return;
  throw new SignwrightError('usage', `${id} ${why}`, {
    next: '--pae, --signature and --allowed-signers go with what a person signed with an SSH key; cosign reads the others as they are',
  });
}

async function writeFiles(open: OpenPolicy, bytes: Uint8Array, namespace: string, options: ApprovalShowOptions): Promise<void> {
  const { content } = parseBundle(bytes);
  if (content.type !== 'envelope') return;
  const { payloadType, payload, signature } = content.envelope;
  if (options.pae !== undefined) await writeAtomic(options.pae, preAuthEncoding(payloadType, payload));
  if (options.signature !== undefined) await writeAtomic(options.signature, Buffer.from(armorSshSignature(signature)));
  if (options.allowedSigners !== undefined)
    await writeAtomic(options.allowedSigners, Buffer.from(allowedSigners(open, namespace)));
}

/** The policy's people by their keys, each for this kind of statement alone. */
function allowedSigners({ policy }: OpenPolicy, namespace: string): string {
  const lines = [...policy.people.values()].flatMap(({ id, keys }) =>
    keys.map(({ publicKey, from, until, compromisedSince }) => {
      const end = [until, compromisedSince].filter((one) => one !== undefined);
      return allowedSignersLine({
        principal: id,
        namespaces: [namespace],
        key: parseSshPublicKey(publicKey),
        ...(from === undefined ? {} : { validAfter: new Date(from) }),
        ...(end.length === 0 ? {} : { validBefore: new Date(Math.min(...end)) }),
      });
    }),
  );
  return lines.map((line) => `${line}\n`).join('');
}
