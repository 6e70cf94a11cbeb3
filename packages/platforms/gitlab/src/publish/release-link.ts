import { understand } from '@signwright/transport';
import { WHAT } from '../question.ts';
import { referenceOf } from '../reference.ts';
import { type GitlabPublishOptions, openPublishing, type Published } from './open-publishing.ts';

/** A link among the assets of a release. */
export type ReleaseLink = {
  readonly tag: string;
  /** Of one name a release has one link. */
  readonly name: string;
  readonly url: string;
};

const PERMISSION = 'use an access token with the scope api and the role Developer in the project';
const PERHAPS = [200, 404] as const;

/**
 * Links something from the release of a tag, or changes where its link of this name leads
 * (https://docs.gitlab.com/api/releases/links/).
 *
 * @returns `no release` where the tag has none, or the token may not see it.
 * @throws SignwrightError `configuration` where the token may not, `unreachable` where GitLab cannot be told.
 */
export async function linkFromRelease(options: GitlabPublishOptions, link: ReleaseLink): Promise<Published | 'no release'> {
  const { tag, name, url } = link;
  const project = options.project.path;
  return understand(WHAT, referenceOf(options.project), async () => {
    const publishing = await openPublishing(options, PERMISSION);
    const { ProjectReleases, ReleaseLinks } = await import('../gitbeaker.ts');
    const release = new ProjectReleases(publishing.options).show(project, tag);
    const { status } = await publishing.tell(`look for the release ${tag}`, release, PERHAPS);
    if (status === 404) return 'no release';
    const links = new ReleaseLinks(publishing.options);
    const { entries } = await publishing.pages(`list the links of ${tag}`, (at) => links.all(project, tag, at));
    const present = entries.find((entry) => entry['name'] === name);
    if (present === undefined) {
      await publishing.tell(`link from the release ${tag}`, links.create(project, tag, name, url, { linkType: 'other' }));
      return 'made';
    }
    if (present['url'] === url) return 'unchanged';
    const id = publishing.id(present['id']);
    await publishing.tell(`change the link of the release ${tag}`, links.edit(project, tag, id, { url }));
    return 'updated';
  });
}
