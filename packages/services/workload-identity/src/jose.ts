export type { JSONWebKeySet } from 'jose';
export { compactVerify, createLocalJWKSet } from 'jose';
