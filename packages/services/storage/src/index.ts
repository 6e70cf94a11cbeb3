export { createDirectoryStore } from './directory-store.ts';
