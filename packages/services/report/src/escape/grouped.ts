/** A count with a comma between thousands, as `12,345`. Intl would do it too, and cost more to load than all else here. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
