/** A store that forgets nothing too early. */
export interface Retaining {
  /**
   * Throws SignwrightError `configuration` with what is missing unless the store itself refuses every removal before the time each
   * write names, by anyone (`compliance`) or by all but a few (`governance`).
   */
  checkLock(mode: 'compliance' | 'governance'): Promise<void>;
  /** Sets or lifts a hold on one key: while it stands, nothing removes it. */
  hold(key: string, held: boolean): Promise<void>;
  /** Removes a blob with every version of it. @returns `held` where a retention or a hold forbids it, `absent` where there is none. */
  remove(key: string): Promise<'removed' | 'held' | 'absent'>;
  /** Whether the store would refuse to remove it now, where it can tell without trying. */
  held?(key: string): Promise<boolean>;
}
