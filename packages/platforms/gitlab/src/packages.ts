import { type JsonObject, parseStrictJson, SignwrightError } from '@signwright/signing-core';
import type { Limits } from './exchange.ts';
import { explain } from './explain.ts';
import { type GitlabProject, originOf, referenceOf } from './reference.ts';
import { type Answered, send } from './send.ts';
import type { GitlabToken } from './token.ts';

/** A file of a generic package. */
export type PackageFile = { readonly package: string; readonly version: string; readonly name: string };

/** The generic packages of a project. */
export type Packages = {
  /** The file's bytes, or `undefined` where there is none. */
  download(file: PackageFile): Promise<Uint8Array | undefined>;
  /** @returns the SHA-256 GitLab says the file has, in hex; `undefined` where it has one of this name and takes no other. */
  upload(file: PackageFile, bytes: Uint8Array): Promise<string | undefined>;
  /** The versions of a package, each with GitLab's number of it. */
  versions(name: string): Promise<readonly { readonly id: number; readonly version: string }[]>;
  /** The names of the files of one version. */
  files(id: number): Promise<readonly string[]>;
};

const PAGE = 100;
const MAX_PAGES = 1000;

/**
 * A project's generic packages by GitLab's API, version 4, through @gitbeaker/rest. Its own way to send requests is not used: it
 * follows redirects with the token in a header that `fetch` keeps for other hosts, bounds no answer, puts the token into its errors,
 * and sends files as forms, which GitLab stores as they come, form and all.
 */
export async function openPackages(project: GitlabProject, token: GitlabToken, limits: Limits): Promise<Packages> {
  const { createRequesterFn, PackageRegistry, Packages: GenericPackages } = await import('./gitbeaker.ts');
  const where = referenceOf(project);
  const options = {
    host: originOf(project),
    ...(token.kind === 'job' ? { jobToken: token.value } : { token: token.value }),
    requesterFn: createRequesterFn(
      async (_, request) => request,
      (endpoint, request = {}) => send(endpoint, request, limits),
    ),
    queryTimeout: null,
    rateLimits: {},
  };
  const [packages, registry] = [new GenericPackages(options), new PackageRegistry(options)];
  const id = project.path;

  /** Our sender gives gitbeaker the whole answer as the body, whatever it says its methods return. */
  async function ask(action: string, call: Promise<unknown>, passes: (answered: Answered) => boolean): Promise<Answered> {
    const answered = (await call.catch((error: unknown) => {
      throw error instanceof SignwrightError ? located(error, action, where) : error;
    })) as Answered;
    if (passes(answered)) return answered;
    throw explain(answered.status, textOf(answered), action, where, token.variable);
  }

  async function everyPage(action: string, page: (number: number) => Promise<unknown>): Promise<readonly JsonObject[]> {
    const entries: JsonObject[] = [];
    for (let number = 1; number <= MAX_PAGES; number++) {
      const found = listIn(await ask(action, page(number), ({ status }) => status === 200), where);
      entries.push(...found);
      if (found.length < PAGE) return entries;
    }
    throw new SignwrightError('unreachable', `GitLab lists more than ${MAX_PAGES * PAGE} files of a package`, { where });
  }

  return {
    async download({ package: name, version, name: file }) {
      const answered = await ask(
        `read ${name}/${version}/${file}`,
        registry.download(id, name, version, file),
        ({ status }) => status === 200 || status === 404,
      );
      return answered.status === 200 ? answered.bytes : undefined;
    },
    async upload({ package: name, version, name: file }, bytes) {
      const content = new Blob([bytes]);
      const isDuplicate = (answered: Answered): boolean => answered.status === 400 && /duplicate/i.test(textOf(answered));
      const answered = await ask(
        `store ${name}/${version}/${file}`,
        registry.publish(id, name, version, { content, filename: file }, { select: 'package_file' }),
        (each) => each.status === 200 || each.status === 201 || isDuplicate(each),
      );
      if (isDuplicate(answered)) return undefined;
      const digest = objectIn(answered, where)['file_sha256'];
      return typeof digest === 'string' ? digest : '';
    },
    async versions(name) {
      const wanted = { projectId: id, packageName: name, perPage: PAGE } as const;
      const found = await everyPage('list its packages', (page) => packages.all({ ...wanted, page }));
      return found.flatMap(({ id: number, name: found, version, package_type: type }) =>
        found === name && type === 'generic' && typeof number === 'number' && typeof version === 'string'
          ? [{ id: number, version }]
          : [],
      );
    },
    async files(number) {
      const found = await everyPage('list the files of a package', (page) =>
        packages.allFiles(id, number, { page, perPage: PAGE } as object),
      );
      return found.flatMap(({ file_name: name }) => (typeof name === 'string' ? [name] : []));
    },
  };
}

function located(error: SignwrightError, action: string, where: string): SignwrightError {
  return new SignwrightError(error.code, `GitLab cannot ${action}: ${error.message}`, {
    where,
    next: error.next ?? 'check the host and the network, then run again',
    cause: error.cause,
  });
}

function listIn(answered: Answered, where: string): readonly JsonObject[] {
  const json = jsonIn(answered, where);
  if (Array.isArray(json) && json.every((each) => typeof each === 'object' && each !== null))
    return json as readonly JsonObject[];
  throw notGitlab(where);
}

function objectIn(answered: Answered, where: string): JsonObject {
  const json = jsonIn(answered, where);
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject;
  throw notGitlab(where);
}

function jsonIn({ bytes }: Answered, where: string): unknown {
  try {
    return parseStrictJson(bytes, { what: 'the answer', maxBytes: bytes.length });
  } catch (cause) {
    throw notGitlab(where, cause);
  }
}

function textOf({ bytes }: Answered): string {
  return bytes.subarray(0, 4096).toString('latin1');
}

function notGitlab(where: string, cause?: unknown): SignwrightError {
  return new SignwrightError('unreachable', 'what answers does not answer as GitLab does', {
    where,
    next: 'check the host; a login page or a proxy may stand before it',
    cause,
  });
}
