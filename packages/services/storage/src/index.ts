export { createDirectoryStore } from './directory-store.ts';
export type { S3Place } from './s3/place.ts';
export { parseS3Reference } from './s3/reference.ts';
export type { Retain } from './s3/retention.ts';
export type { S3StoreOptions } from './s3/s3-store.ts';
export { createS3Store } from './s3/s3-store.ts';
