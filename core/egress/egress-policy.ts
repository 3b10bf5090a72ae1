/** What the operator allows customers' addresses to be, beyond public hosts on ports 80 and 443 by https. */
import { type AddressRange, embeddedV4, isInRanges, isPublic, parseAddress, unmapped } from "./ip-address.ts";

export type EgressPolicy = {
  /** Host names and IP addresses allowed whatever they resolve to: `minio.internal`, `*.minio.internal`, each also with `:port`. */
  hosts: readonly AllowedHost[];
  /** Addresses and networks allowed although they are not public. */
  ranges: readonly AddressRange[];
  /** Ports allowed beside 80 and 443, from and to. */
  ports: readonly PortRange[];
  /** Whether `http:` is allowed beside `https:`. */
  allowsHttp: boolean;
};

export type PortRange = readonly [number, number];
/** `name` is in lower case without a dot at the end; a name that begins with `*.` stands for all names below. Port null: those of the policy. */
export type AllowedHost = { name: string; port: number | null };

/** Nothing private, https on its own port only. */
export const strictEgressPolicy: EgressPolicy = { hosts: [], ranges: [], ports: [], allowsHttp: false };

const usualPorts: readonly PortRange[] = [
  [80, 80],
  [443, 443],
];

const matches = ({ name }: AllowedHost, host: string): boolean => (name.startsWith("*.") ? host.endsWith(name.slice(1)) : host === name);

/** True if the operator listed this host, for this port if the entry has one. `host` as in `AllowedHost`. */
export const isHostAllowed = (policy: EgressPolicy, host: string, port: number): boolean =>
  policy.hosts.some((entry) => matches(entry, host) && (entry.port === null || entry.port === port));

/** True for ports 80 and 443, the ports of the policy, and a port listed with this host. */
export const isPortAllowed = (policy: EgressPolicy, host: string, port: number): boolean =>
  [...usualPorts, ...policy.ports].some(([from, to]) => from <= port && port <= to) ||
  policy.hosts.some((entry) => entry.port === port && matches(entry, host));

/**
 * True if a host that is not listed may be at this address: it is public, or in an allowed range. An allowed range of IPv6 addresses that carry
 * IPv4 addresses (NAT64) does not open the private ones among these. False for what is no address.
 */
export const isAddressAllowed = (policy: EgressPolicy, text: string): boolean => {
  const address = parseAddress(text);
  if (address === undefined) return false;
  if (isPublic(address)) return true;
  const isListed = isInRanges(address, policy.ranges) || isInRanges(unmapped(address), policy.ranges);
  return isListed && embeddedV4(address).every((v4) => isPublic(v4) || isInRanges(v4, policy.ranges));
};
