import { warningAt } from '../parse/source.ts';
import type { Path, Problem } from '../problem.ts';
import { instantOf } from '../values/instant.ts';
import { entriesOf, type Subject } from './subject.ts';

/** How long before a key ends somebody is told, in milliseconds. */
const NEAR = 30 * 86_400_000;

/** A key that ends soon has another that goes on, from then at the latest; else nobody signs any more one day. */
export function* keysAreFollowed({ content, source, now }: Subject): Generator<Problem> {
  for (const { path, keys, command } of listsOf(content)) {
    for (const [index, { until }] of keys.entries()) {
      if (until === undefined) continue;
      const end = instantOf(until);
      if (end <= now.getTime() || end > now.getTime() + NEAR) continue;
      if (keys.some((other, at) => at !== index && goesOn(other, end))) continue;
      const message = `the key ends ${until}, and no other takes its place: ${command}`;
      yield warningAt(source, [...path, index, 'until'], message);
    }
  }
}

type Times = { readonly from?: string | undefined; readonly until?: string | undefined; readonly compromised?: boolean };

function goesOn({ from, until, compromised }: Times, end: number): boolean {
  return !compromised && (from === undefined || instantOf(from) <= end) && (until === undefined || instantOf(until) > end);
}

type List = { readonly path: Path; readonly keys: readonly Times[]; readonly command: string };

function* listsOf(content: Subject['content']): Generator<List> {
  for (const [id, signer] of entriesOf(content.signers)) {
    if (signer.certificate !== undefined) continue;
    const keys = (signer.keys ?? []).map((key) => ({ ...key, compromised: key['compromised-since'] !== undefined }));
    yield { path: ['signers', id, 'keys'], keys, command: `signwright signer rotate ${id} --to REFERENCE` };
  }
  for (const [id, person] of entriesOf(content.people)) {
    if (person.certificate !== undefined) continue;
    const keys = (person.ssh ?? []).map((key) =>
      typeof key === 'string' ? {} : { ...key, compromised: key['compromised-since'] !== undefined },
    );
    yield { path: ['people', id, 'ssh'], keys, command: `signwright person rotate ${id} --to KEY.pub, unless they leave` };
  }
  const log = (content.audit?.['verifier-keys'] ?? []).map((key) => (typeof key === 'string' ? {} : key));
  yield { path: ['audit', 'verifier-keys'], keys: log, command: 'signwright audit rotate --to REFERENCE' };
}
