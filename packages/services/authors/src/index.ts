export type { Ancestry, LastAncestor } from './ancestry.ts';
export { isAncestor, lastAncestor } from './ancestry.ts';
export type { AuthorList, CollectOptions } from './collect-authors.ts';
export { collectAuthors, MAX_COMMITS } from './collect-authors.ts';
export type { Author } from './known-author.ts';
export type { NewCommits } from './list-commits.ts';
export { listCommits } from './list-commits.ts';
