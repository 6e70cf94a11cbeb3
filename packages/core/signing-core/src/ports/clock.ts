/** Tells the time; core has no clock of its own. */
export interface Clock {
  now(): Date;
}
