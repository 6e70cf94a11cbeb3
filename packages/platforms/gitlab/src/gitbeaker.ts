/** What we use of gitbeaker, in a module of its own: it is loaded when a GitLab is first asked. */
export { createRequesterFn } from '@gitbeaker/requester-utils';
export {
  Commits,
  Deployments,
  Events,
  ExternalStatusChecks,
  Jobs,
  MergeRequestApprovals,
  MergeRequestNotes,
  MergeRequests,
  PackageRegistry,
  Packages,
  Pipelines,
  ProjectReleases,
  Projects,
  ReleaseLinks,
  Users,
} from '@gitbeaker/rest';
