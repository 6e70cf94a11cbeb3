import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
/** The pages of the adapters, which people copy from. */
const PAGES = ['gitlab.md', 'jenkins.md', 'azure-devops.md', 'github-actions.md'];

type Snippet = { readonly page: string; readonly file: string; readonly text: string };

/** Fences with `file=PATH`: what stands in them is that file, which a test runs. */
function snippetsOf(page: string): Snippet[] {
  const fences = readFileSync(join(ROOT, 'docs', page), 'utf8').matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm);
  return [...fences].map(([, file = '', text = '']) => ({ page, file, text }));
}

const snippets = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .flatMap(snippetsOf);

describe('what people copy from docs/ is a file that tests run', () => {
  test.each(PAGES)('%s has such a snippet', (page) => {
    expect(snippets.filter((one) => one.page === page).length).toBeGreaterThan(0);
  });

  test.each(snippets)('$page: $file', ({ file, text }) => {
    expect(existsSync(join(ROOT, file)), `there is no ${file}`).toBe(true);
    expect(text).toBe(readFileSync(join(ROOT, file), 'utf8'));
  });
});
