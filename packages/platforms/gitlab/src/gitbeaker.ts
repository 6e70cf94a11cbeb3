/** What we use of gitbeaker, in a module of its own: it is loaded when a GitLab is first asked. */
export { createRequesterFn } from '@gitbeaker/requester-utils';
export {
  Commits,
  Deployments,
  Events,
  Jobs,
  MergeRequestApprovals,
  MergeRequestNotes,
  MergeRequests,
  PackageRegistry,
  Packages,
  Pipelines,
  Projects,
} from '@gitbeaker/rest';
