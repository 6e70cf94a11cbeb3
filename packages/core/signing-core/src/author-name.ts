import type { Author } from './verify-bundle.ts';

/** Who signed, for people. */
export function authorName(author: Author): string {
  switch (author.type) {
    case 'key':
      return `key ${author.keyId}`;
    case 'ssh':
      return `SSH key ${author.fingerprint}`;
    case 'certificate':
      return author.san;
  }
}
