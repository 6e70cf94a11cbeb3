import {
  type EvidenceStore,
  type Gate,
  inParallel,
  kindOf,
  messageOf,
  readGate,
  type Sha256,
  SignwrightError,
  writeGate,
} from '@signwright/signing-core';
import { mostOf } from '../context/evidence-reader.ts';

const SHOWN = 5;
const READ_AT_ONCE = 8;

/**
 * Keeps with a request that a job waits for it, so that whoever approves last is shown where to have it run again. The same job is
 * kept once, however often it waits.
 *
 * @param gate.url the job's address as `CiJob` has it; one that is not https is not kept, for nobody should be sent there.
 * @returns whether it is kept. @throws SignwrightError as the store.
 */
export async function noteGate(
  store: Pick<EvidenceStore, 'put'>,
  gate: { readonly request: Sha256; readonly url: string | undefined },
): Promise<boolean> {
  const { request, url = '' } = gate;
  const bytes = orUndefined(() => writeGate({ request, url: URL.canParse(url) ? new URL(url).href : url }));
  if (bytes === undefined) return false;
  await store.put(bytes, [request]);
  return true;
}

/**
 * The lines by which a person has the jobs run again that wait for a request: the newest few. They say whose word it is, for whoever
 * can write evidence can have written it; where they cannot be read, that is said, for the approval stands all the same.
 */
export async function gateLines(store: EvidenceStore, request: Sha256): Promise<string[]> {
  try {
    const gates = await gatesOf(store, request);
    if (gates.length === 0) return [];
    const lines = gates.slice(0, SHOWN).map(({ url }) => `continue: ${url}`);
    const more = gates.length > SHOWN ? [`  … and ${gates.length - SHOWN} older`] : [];
    return [...lines, ...more, '  (opens the job that waits, as the evidence store says; nobody vouches for it)'];
  } catch (error) {
    if (!(error instanceof SignwrightError) || error.code !== 'unreachable') throw error;
    return [`  which jobs wait for it cannot be read: ${messageOf(error)}`];
  }
}

/** The gates of a request, the newest first, as far as the numbers in their addresses tell. */
async function gatesOf(store: EvidenceStore, request: Sha256): Promise<Gate[]> {
  const listed = mostOf((await store.list([request])).get(request) ?? [], `evidence about ${request}`);
  const read = await inParallel(listed, READ_AT_ONCE, async (id) => {
    const bytes = await store.get(id);
    const gate = kindOf(bytes) === 'gate' ? orUndefined(() => readGate(bytes)) : undefined;
    return gate?.request === request ? [gate] : [];
  });
  return read.flat().sort((a, b) => b.url.localeCompare(a.url, 'en', { numeric: true }));
}

function orUndefined<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof SignwrightError && error.code === 'invalid-input') return undefined;
    throw error;
  }
}
