export type { AddressKind } from './address.ts';
export { kindOfAddress } from './address.ts';
export type { Message, Post, PosterOptions } from './poster.ts';
export { createPoster } from './poster.ts';
export type { Resolve, ResolvedAddress } from './resolve.ts';
export { secretHeader } from './secret-header.ts';
export type { WebhookOptions } from './webhook-notifier.ts';
export { createWebhookNotifier, readWebhookSecret, webhookSignature } from './webhook-notifier.ts';
