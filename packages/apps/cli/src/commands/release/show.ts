import { safeJson } from '@signwright/report';
import { EXIT } from '../../exit.ts';
import { printLines } from '../../print-lines.ts';
import { openRelease, type ReleaseOptions } from '../../releases/open-release.ts';
import { standingJson, standingLines } from '../../releases/standing-lines.ts';

export type ReleaseShowOptions = ReleaseOptions & { readonly output: 'text' | 'json' };

/**
 * `signwright release show`: the parts of a release, who signed them, who closed it; with `--expect`, what is missing of what it must have.
 *
 * @returns with `--expect`, what closing it now would return; else 0.
 */
export async function releaseShow(name: string, options: ReleaseShowOptions): Promise<number> {
  const { text, asked, closing, standing } = await openRelease(name, options);
  if (options.output === 'json') {
    const { environment = 'default' } = asked;
    process.stdout.write(safeJson({ version: 1, release: text, environment, ...standingJson(standing, closing) }));
  } else {
    printLines(standingLines(text, standing, closing));
  }
  return options.expect === undefined ? EXIT.allow : EXIT[standing.result];
}
