export { detectGitlab } from './detect.ts';
export type { GitlabEvidenceOptions } from './evidence-store.ts';
export { createGitlabEvidenceStore } from './evidence-store.ts';
export type { GitlabProject } from './reference.ts';
export { parseGitlabReference, referenceOf } from './reference.ts';
export type { GitlabToken } from './token.ts';
export { readToken } from './token.ts';
