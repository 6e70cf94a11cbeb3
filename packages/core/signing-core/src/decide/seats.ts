/**
 * Seats people so that as many seats as possible have somebody of their own: a bipartite matching by augmenting paths, not a greedy
 * count. Whoever comes first in a list is preferred.
 *
 * @param able for each seat, the people who may take it.
 * @returns for each seat who takes it, or nobody.
 */
export function seatPeople(able: readonly (readonly string[])[]): (string | undefined)[] {
  const seatOf = new Map<string, number>();
  const place = (seat: number, tried: Set<string>): boolean =>
    (able[seat] ?? []).some((person) => {
      if (tried.has(person)) return false;
      tried.add(person);
      const taken = seatOf.get(person);
      if (taken !== undefined && !place(taken, tried)) return false;
      seatOf.set(person, seat);
      return true;
    });
  able.forEach((_, seat) => {
    place(seat, new Set());
  });
  const seated: (string | undefined)[] = able.map(() => undefined);
  for (const [person, seat] of seatOf) seated[seat] = person;
  return seated;
}
