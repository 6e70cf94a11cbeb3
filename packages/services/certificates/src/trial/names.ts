import { OID } from '@signwright/signing-core';

/** What ID tokens of a trial name as their issuer. `.invalid` can never be somebody's (RFC 6761). */
export const TRIAL_ISSUER = 'https://trial.signwright.invalid';

/** What ID tokens of a trial are for. */
export const TRIAL_AUDIENCE = 'signwright-trial';

/**
 * The extension on every CA and timestamp certificate of a trial, not critical, with the value NULL: what rests on one is
 * development. Its arc is short on purpose: Go, and so cosign, reads no certificate with an extension whose OID has an arc of 32
 * bits or more, as 2.25 followed by a whole UUID would have.
 */
export const TRIAL_MARKER_OID: string = OID.trialMarker;

/** How long a trial lasts. */
export const TRIAL_DAYS = 365;

export const MINUTE_MS = 60_000;
export const DAY_MS: number = 24 * 60 * MINUTE_MS;

/** How long the certificates of a trial last: so briefly that they need no revocation. */
export const TRIAL_LIFE = '10m';
