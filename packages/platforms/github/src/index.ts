export type { GithubApprovalOptions } from './approvals.ts';
export { createGithubApprovals } from './approvals.ts';
export type { GithubOptions } from './ask.ts';
export { detectGithub } from './detect.ts';
export { createGithubPeople } from './people.ts';
