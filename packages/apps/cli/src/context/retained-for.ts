const DAY = 24 * 60 * 60 * 1000;

/** Until when something kept for so many seconds from now on is kept: to the end of that day, so that the same again extends nothing. */
export function retainedFor(seconds: number): Date {
  return new Date(Math.ceil((Date.now() + seconds * 1000) / DAY) * DAY);
}
