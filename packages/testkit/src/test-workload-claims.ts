/** Claims of a token but for `iss`, `aud` and times. */
export type WorkloadClaims = { readonly [name: string]: unknown };

/** A branch pipeline's ID token, as https://docs.gitlab.com/ci/secrets/id_token_authentication/ has it (GitLab 18.4 and later). */
export function gitlabClaims(change: WorkloadClaims = {}): WorkloadClaims {
  return {
    namespace_id: '72',
    namespace_path: 'acme',
    project_id: '20',
    project_path: 'acme/app',
    job_namespace_id: '72',
    job_namespace_path: 'acme',
    job_project_id: '20',
    job_project_path: 'acme/app',
    user_id: '1',
    user_login: 'sample-user',
    user_email: 'sample-user@example.com',
    user_access_level: 'developer',
    pipeline_id: '574',
    pipeline_source: 'push',
    job_id: '302',
    ref: 'main',
    ref_type: 'branch',
    ref_path: 'refs/heads/main',
    ref_protected: 'true',
    groups_direct: ['acme'],
    runner_id: 1,
    runner_environment: 'self-hosted',
    sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
    project_visibility: 'private',
    ci_config_ref_uri: 'gitlab.acme.example/acme/app//.gitlab-ci.yml@refs/heads/main',
    ci_config_sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
    sub: 'project_path:acme/app:ref_type:branch:ref:main',
    ...change,
  };
}

/** A push's token, as https://docs.github.com/actions/reference/security/oidc has it. */
export function githubClaims(change: WorkloadClaims = {}): WorkloadClaims {
  return {
    sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
    ref: 'refs/heads/main',
    ref_type: 'branch',
    ref_protected: 'true',
    sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
    repository: 'octo-org/octo-repo',
    repository_id: '74',
    repository_owner: 'octo-org',
    repository_owner_id: '65',
    repository_visibility: 'private',
    actor: 'octocat',
    actor_id: '12',
    run_id: '1536140711',
    run_number: '10',
    run_attempt: '2',
    runner_environment: 'github-hosted',
    workflow: 'release',
    workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
    workflow_sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
    job_workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
    job_workflow_sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
    head_ref: '',
    base_ref: '',
    event_name: 'push',
    ...change,
  };
}

/** A pipeline's own token, without a service connection, as https://github.com/sigstore/fulcio/issues/1803 shows one. */
export function azureClaims(change: WorkloadClaims = {}): WorkloadClaims {
  return {
    sub: 'p://acme/shop/release',
    org_id: '0ca3ddd9-f0b0-4635-a98c-5866526961b6',
    prj_id: '271ef6f7-5998-4b0f-86fb-4b54d9129990',
    def_id: '1',
    rpo_id: '5c6e7f80-1d2e-4f3a-8b9c-0d1e2f3a4b5c',
    rpo_uri: 'https://dev.azure.com/acme/shop/_git/app',
    rpo_ver: '714a629c0b401fdce83e847fc9589983fc6f46bc',
    rpo_ref: 'refs/heads/main',
    run_id: '5',
    ...change,
  };
}

/** A build's token with the claims the oidc-provider plugin gives unless told otherwise (https://plugins.jenkins.io/oidc-provider). */
export function jenkinsClaims(change: WorkloadClaims = {}): WorkloadClaims {
  return { sub: 'https://jenkins.acme.example/job/acme/job/app/job/main/', build_number: 7, ...change };
}

/** A projected token of a service account, as Kubernetes 1.30 and later make it; its `aud` is a list. */
export function kubernetesClaims(change: WorkloadClaims = {}): WorkloadClaims {
  return {
    sub: 'system:serviceaccount:release:signer',
    'kubernetes.io': {
      namespace: 'release',
      node: { name: 'node-1', uid: '646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1' },
      pod: { name: 'sign-7xk2p', uid: '5e0bd49b-f040-43b0-99b7-22765a53f7f3' },
      serviceaccount: { name: 'signer', uid: '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' },
    },
    ...change,
  };
}
