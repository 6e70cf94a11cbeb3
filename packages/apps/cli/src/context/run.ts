/** What a command is given beside its arguments and options. */
export type Run = {
  /** Aborted when the user asks to stop. */
  readonly signal: AbortSignal;
};
