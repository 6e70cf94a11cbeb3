import { type JsonObject, SignwrightError } from '@signwright/signing-core';
import { objectIn, openAsk, PAGE, textOf } from './ask.ts';
import type { Limits } from './exchange.ts';
import { type GitlabProject, referenceOf } from './reference.ts';
import type { Answered } from './send.ts';
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

const MAX_PAGES = 1000;

/** A project's generic packages by GitLab's API. */
export async function openPackages(project: GitlabProject, token: GitlabToken, limits: Limits): Promise<Packages> {
  const { PackageRegistry, Packages: GenericPackages } = await import('./gitbeaker.ts');
  const where = referenceOf(project);
  const { options, ask, pages } = await openAsk(project, token, limits);
  const [packages, registry] = [new GenericPackages(options), new PackageRegistry(options)];
  const id = project.path;

  async function everyPage(action: string, page: (number: number) => Promise<unknown>): Promise<readonly JsonObject[]> {
    const { entries, complete } = await pages(action, page, { most: MAX_PAGES });
    if (complete) return entries;
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
