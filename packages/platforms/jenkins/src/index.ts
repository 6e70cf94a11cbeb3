export type { JenkinsApprovalOptions } from './approvals.ts';
export { createJenkinsApprovals } from './approvals.ts';
export type { JenkinsOptions } from './build.ts';
export { detectJenkins } from './detect.ts';
export { createJenkinsPeople } from './people.ts';
