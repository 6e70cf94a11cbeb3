export type { JsonAnswer, JsonAsk } from './ask-json.ts';
export { askJson, understand } from './ask-json.ts';
export type { Failure, RemoteCall } from './call-remote.ts';
export { callRemote } from './call-remote.ts';
export type { HttpAnswer, HttpRequest } from './exchange.ts';
export { exchange, failureOfStatus } from './exchange.ts';
export type { Outgoing } from './refuse-unsafe.ts';
export { refusePlain, refuseUnsafeAws } from './refuse-unsafe.ts';
