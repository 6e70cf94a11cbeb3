/** The version of this program; the same as its package's. */
export const VERSION = '0.1.0';
