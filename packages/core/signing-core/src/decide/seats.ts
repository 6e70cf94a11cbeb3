/**
 * Seats people so that as many seats as possible have somebody of their own: a bipartite matching by augmenting paths, not a greedy
 * count. Of all such seatings it takes one that leaves out nobody for somebody who comes later in `people`.
 *
 * @param able for each seat, the people who may take it.
 * @param people all of them, whom to prefer first.
 * @returns for each seat who takes it, or nobody.
 */
export function seatPeople(able: readonly ReadonlySet<string>[], people: Iterable<string>): (string | undefined)[] {
  const taken: (string | undefined)[] = able.map(() => undefined);
  const seat = (person: string, tried: Set<number>): boolean =>
    able.some((who, at) => {
      if (!who.has(person) || tried.has(at)) return false;
      tried.add(at);
      const holder = taken[at];
      if (holder !== undefined && !seat(holder, tried)) return false;
      taken[at] = person;
      return true;
    });
  for (const person of new Set(people)) {
    if (!taken.includes(undefined)) break;
    seat(person, new Set());
  }
  return taken;
}
