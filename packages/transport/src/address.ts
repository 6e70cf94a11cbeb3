import { BlockList, isIP } from 'node:net';

/**
 * What an address is, as far as it matters to whoever connects to it: `public`; `private` (private, shared, unique-local and loopback
 * networks), which may be allowed; or `never`: link-local (where clouds keep their metadata), multicast, unspecified, reserved.
 */
export type AddressKind = 'public' | 'loopback' | 'private' | 'never';

/** IANA's special-purpose registries (RFC 6890 and its updates). What is not public and not listed here as usable is `never`. */
const V4: readonly (readonly [kind: AddressKind, ...networks: string[]])[] = [
  ['loopback', '127.0.0.0/8'],
  ['private', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'],
  ['never', '0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15'],
  ['never', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];

const V6: readonly (readonly [kind: AddressKind, ...networks: string[]])[] = [
  ['loopback', '::1/128'],
  ['private', 'fc00::/7'],
  // 6to4 and Teredo carry IPv4 addresses through other people's relays; the rest is for documentation and protocols.
  ['never', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
  ['public', '2000::/3'],
];

const RULES = { ipv4: compile('ipv4', V4), ipv6: compile('ipv6', V6) };

/** Judges an address in text. IPv4 within IPv6 (mapped, and NAT64 64:ff9b::/96) is judged as the IPv4 it reaches. */
export function kindOfAddress(address: string): AddressKind {
  if (isIP(address) === 4) return RULES.ipv4.find(({ list }) => list.check(address, 'ipv4'))?.kind ?? 'public';
  if (isIP(address) !== 6 || address.includes('%')) return 'never';
  const groups = groupsOf(address);
  const embedded = isMapped(groups) || isNat64(groups) ? v4Of(groups) : undefined;
  if (embedded !== undefined) return kindOfAddress(embedded);
  return RULES.ipv6.find(({ list }) => list.check(address, 'ipv6'))?.kind ?? 'never';
}

function compile(
  family: 'ipv4' | 'ipv6',
  rows: readonly (readonly [AddressKind, ...string[]])[],
): { kind: AddressKind; list: BlockList }[] {
  return rows.map(([kind, ...networks]) => {
    const list = new BlockList();
    for (const network of networks) {
      const [address, prefix] = network.split('/') as [string, string];
      list.addSubnet(address, Number(prefix), family);
    }
    return { kind, list };
  });
}

/** The eight groups of an IPv6 address that `isIP` has accepted. */
function groupsOf(address: string): number[] {
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a, b, c, d] = bytes.map(Number) as [number, number, number, number];
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const read = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  if (tail === undefined) return read(head);
  const [before, after] = [read(head), read(tail)];
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
}

function isNat64(groups: readonly number[]): boolean {
  return groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((group) => group === 0);
}

function v4Of(groups: readonly number[]): string {
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
