import { addressOf, type BaseReference, type FetchBase } from '@signwright/policy';
import { SignwrightError } from '@signwright/signing-core';
import { keepPolicy, readKept } from './kept-policies.ts';
import { isTokenFor } from './token-host.ts';

/** The policies that are elsewhere, as far as one load of a policy asks for them: itself, and those others build on. */
export type Bases = {
  readonly fetchBase: FetchBase;
  /** Reads a file of a base that was fetched; nothing where the path is of none. */
  read(path: string): Promise<Uint8Array> | undefined;
  /** Keeps those that are pinned by digest for the next run; to be called once all of it was held against what pins it. */
  keep(): Promise<void>;
};

type Remote = { readonly read: (file: string) => Promise<Uint8Array | undefined>; close?(): Promise<void> };
type Opened = { readonly reference: BaseReference; readonly remote: Remembering; readonly kept: boolean };
/** A remote with the files that were read of it. */
type Remembering = Remote & { readonly files: ReadonlyMap<string, Uint8Array> };

/** The token for git, sent to the host that is named beside it alone: a file says where bases are. */
const GIT_TOKEN = 'SIGNWRIGHT_GIT_TOKEN';
const MAX_FILE = 4 * 1024 * 1024;
/** Files of a base: policies, signatures, trust roots, and a public key for each key of a signer. */
const MAX_FILES = 500;
const DEADLINE_MS = 60_000;

/**
 * Opens bases where they are. Each file is asked for once, so that what was checked is what is used. One that is pinned by digest
 * and was loaded here before comes from what was kept, without any network; what it makes is held against the pin all the same.
 */
export function createBases(): Bases {
  const opened: Opened[] = [];
  const of = (path: string): Opened | undefined => opened.find(({ reference }) => path.startsWith(`${reference.directory}/`));

  return {
    async fetchBase(reference) {
      if (of(`${reference.directory}/`) !== undefined) return;
      const kept = await readKept(reference);
      const remote = kept === undefined ? await openRemote(reference) : { read: async (file: string) => kept.get(file) };
      opened.push({ reference, remote: once(reference, remote), kept: kept !== undefined });
    },
    read(path) {
      const base = of(path);
      if (base === undefined) return undefined;
      const { reference, remote } = base;
      return remote
        .read(path.slice(reference.directory.length + 1))
        .then((bytes) => bytes ?? missing(addressOf(reference, path)));
    },
    async keep() {
      for (const { reference, remote, kept } of opened) {
        if (!kept) await keepPolicy(reference, remote.files);
        await remote.close?.();
      }
    },
  };
}

/** Remembers what each file was, and counts them. */
function once(reference: BaseReference, remote: Remote): Remembering {
  const asked = new Map<string, Promise<Uint8Array | undefined>>();
  const files = new Map<string, Uint8Array>();
  return {
    ...remote,
    files,
    async read(file) {
      const known = asked.get(file) ?? remote.read(file);
      asked.set(file, known);
      if (asked.size <= MAX_FILES) {
        const bytes = await known;
        if (bytes !== undefined) files.set(file, bytes);
        return bytes;
      }
      throw new SignwrightError('invalid-input', `the policy at ${reference.address} names more than ${MAX_FILES} files`, {
        where: reference.address,
      });
    },
  };
}

async function openRemote(reference: BaseReference): Promise<Remote> {
  const { checkAddress, fetchFile } = await import('@signwright/transport');
  const { type, address, ref = '', allowPrivate } = reference;
  const until = performance.now() + DEADLINE_MS;
  if (type === 'url') {
    return {
      read: (file) =>
        fetchFile({
          url: `${address}/${file.split('/').map(encodeURIComponent).join('/')}`,
          allowPrivate,
          maxBytes: MAX_FILE,
          deadlineMs: Math.max(1, until - performance.now()),
        }),
    };
  }
  const { openGitFiles } = await import('@signwright/storage');
  const url = new URL(address);
  return openGitFiles({
    url: address,
    ref,
    judge: (addresses) => {
      for (const one of addresses) checkAddress(url, one, { allowPrivate });
    },
    environment: process.env,
    ...(isTokenFor(GIT_TOKEN, url.host) ? { tokenEnv: GIT_TOKEN } : {}),
    deadlineMs: DEADLINE_MS,
    maxBytes: MAX_FILE - 1,
  });
}

function missing(where: string): never {
  throw new SignwrightError('configuration', `there is no file ${where}`, {
    where,
    cause: Object.assign(new Error('none there'), { code: 'ENOENT' }),
  });
}
