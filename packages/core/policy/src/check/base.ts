import { baseSigners } from '../base-signers.ts';
import { isPath } from '../load/signers.ts';
import { problemAt, problemAtKey } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { isUrl } from '../values/is-url.ts';
import { entriesOf, type Subject } from './subject.ts';

/** A base is pinned in one way, and what goes with that way is there. */
export function* baseIsPinned({ content, source }: Subject): Generator<Problem> {
  const written = content.extends;
  if (written === undefined) return;
  const signed = written['signed-by'] !== undefined;
  if (signed && written.name === undefined)
    yield problemAtKey(
      source,
      ['extends', 'signed-by'],
      'the key "name" is missing: who signs several policies could pass off one as another',
    );
  for (const [index, { by: id }] of baseSigners(written).entries()) {
    if (content.identities?.[id] !== undefined) continue;
    const own = Object.keys(content.identities ?? {});
    const there = own.length === 0 ? 'it has none' : `it has ${own.join(', ')}`;
    const message = `the identity "${id}" is not one of this file's own "identities" (${there}): the base cannot say who signs it`;
    yield problemAt(source, ['extends', 'signed-by', ...(Array.isArray(written['signed-by']) ? [index] : [])], message);
  }
  for (const key of ['name', 'min-serial'] as const)
    if (!signed && written[key] !== undefined)
      yield problemAtKey(source, ['extends', key], 'it goes with "signed-by"; "sha256" pins one edition already');
  if (written['allow-private'] !== undefined && written.file !== undefined)
    yield problemAtKey(source, ['extends', 'allow-private'], 'it goes with "url" and "git"; a file is not fetched');
}

/** A policy that is fetched lies in no directory of this machine, so it names none relative to itself. */
export function* fetchedNamesNoDirectory({ content, source, fetched }: Subject): Generator<Problem> {
  if (!fetched) return;
  for (const { path, value } of directoriesOf(content)) {
    if (value === undefined || isUrl(value) || value.startsWith('/')) continue;
    yield problemAt(
      source,
      path,
      'this policy is fetched, so there is no directory the path could start at: name a URL, or a path from "/"',
    );
  }
}

function* directoriesOf(content: Subject['content']): Generator<{ readonly path: Path; readonly value: string | undefined }> {
  yield { path: ['trust', 'timestamp', 'trial'], value: content.trust?.timestamp?.trial };
  yield { path: ['evidence', 'store'], value: content.evidence?.store };
  yield { path: ['audit', 'log'], value: content.audit?.log };
  const key = content.audit?.key;
  if (key !== undefined && isPath(key)) yield { path: ['audit', 'key'], value: key };
  for (const [index, one] of (content.audit?.['verifier-keys'] ?? []).entries())
    if (typeof one !== 'string' && one.ref !== undefined && isPath(one.ref))
      yield { path: ['audit', 'verifier-keys', index, 'ref'], value: one.ref };
  for (const [id, { certificate, keys }] of entriesOf(content.signers)) {
    yield { path: ['signers', id, 'certificate', 'trial'], value: certificate?.trial };
    for (const [index, { ref }] of (keys ?? []).entries())
      if (isPath(ref)) yield { path: ['signers', id, 'keys', index, 'ref'], value: ref };
  }
}
