/** Does one piece of work after the other. */
export type TakeTurn = <T>(work: () => Promise<T>) => Promise<T>;

export function createTurns(): TakeTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** Work that all who ask for it before its turn comes share. */
export function shareTurn<T>(take: TakeTurn, work: () => Promise<T>): () => Promise<T> {
  let next: Promise<T> | undefined;
  return () => {
    next ??= take(() => {
      next = undefined;
      return work();
    });
    return next;
  };
}
