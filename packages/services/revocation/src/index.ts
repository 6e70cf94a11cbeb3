export { archivedSource } from './archived-source.ts';
export type { CheckedSource, RevocationOptions } from './create-revocation-source.ts';
export { createRevocationSource } from './create-revocation-source.ts';
