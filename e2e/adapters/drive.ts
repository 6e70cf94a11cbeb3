import type { Workspace } from '@signwright/testkit';
import type { JobCommand, Platform } from '../../packages/apps/cli/src/job/inputs.ts';

/** What a pipeline of one step with Signwright, and a deployment placed after it, came to. */
export type Ran = {
  /** Whether the platform would show the step as passed. */
  readonly succeeded: boolean;
  /** Whether the deployment after it ran. */
  readonly deployed: boolean;
  /** All that the job wrote into its log. */
  readonly log: string;
  /** What the steps after it are told: the outputs, by their names in the table of inputs and outputs. */
  readonly outputs: Readonly<Record<string, string>>;
  /** A file of the reports directory; nothing where there is none. */
  report(name: string): string | undefined;
};

export type Step = {
  readonly command: JobCommand;
  /** By their names in the table of inputs. */
  readonly inputs?: Readonly<Record<string, string | boolean>>;
  /** Further variables of the job. */
  readonly env?: Readonly<Record<string, string>>;
  /** `true`: the job is of a fork's merge request, as the platform's variables tell it. */
  readonly fork?: boolean;
};

/** Runs steps on one platform, or what stands in for it. */
export type Drive = {
  readonly platform: Platform;
  /** What the step ran on, as reports name it: `act`, `gitlab-ci-local`, `JenkinsPipelineUnit`, `the bundled task`. */
  readonly on: string;
  /** Runs the step in the workspace, and after it a deployment that the pipeline places behind it. */
  run(workspace: Workspace, step: Step): Promise<Ran>;
};
