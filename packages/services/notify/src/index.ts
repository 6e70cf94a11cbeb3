export type { Message, Post, PosterOptions } from './poster.ts';
export { createPoster } from './poster.ts';
export { secretHeader } from './secret-header.ts';
export type { WebhookOptions } from './webhook-notifier.ts';
export { createWebhookNotifier, readWebhookSecret, webhookSignature } from './webhook-notifier.ts';
