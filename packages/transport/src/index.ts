export type { Failure, RemoteCall } from './call-remote.ts';
export { callRemote } from './call-remote.ts';
export type { HttpAnswer, HttpRequest } from './exchange.ts';
export { exchange, failureOfStatus } from './exchange.ts';
