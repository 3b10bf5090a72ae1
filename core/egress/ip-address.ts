/** IP addresses: which are public, and which IPv4 addresses an IPv6 address carries. The only file that uses ipaddr.js. */
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
/** An address and the length of its prefix in bits. */
export type AddressRange = readonly [Address, number];

/**
 * IPv4 that is never a public host. IANA IPv4 Special-Purpose Address Registry (iana.org/assignments/iana-ipv4-special-registry, read
 * 2026-11-28), and Azure's WireServer, which looks public and is local to the machine.
 */
export const blockedRangesV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "168.63.129.16/32",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
] as const;

/** The only IPv6 block with hosts on the Internet. Loopback, ULA, link-local, multicast, NAT64, SRv6 and the rest are outside of it. */
const globalUnicast = "2000::/3";

/** Parts of 2000::/3 that are no public hosts (iana.org/assignments/iana-ipv6-special-registry, read 2026-11-28). */
export const blockedRangesV6 = [
  // IETF protocol assignments: Teredo 2001::/32, benchmarking 2001:2::/48, AMT, AS112, ORCHID 2001:10::/28 and 2001:20::/28, DETs.
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "2620:4f:8000::/48",
  "3ffe::/16",
  "3fff::/20",
] as const;

const rangesOf = (texts: readonly string[]): AddressRange[] => texts.map((text) => ipaddr.parseCIDR(text));
const blockedV4 = rangesOf(blockedRangesV4);
const blockedV6 = rangesOf(blockedRangesV6);
const global = rangesOf([globalUnicast]);
const [mapped, compatible, teredo, sixToFour, nat64, localNat64, translated] = rangesOf([
  "::ffff:0:0/96",
  "::/96",
  "2001::/32",
  "2002::/16",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "::ffff:0:0:0/96",
]);

/** Parses an address in its usual spelling. IPv4 must have four decimal parts; an IPv6 zone is kept. Undefined for anything else. */
export const parseAddress = (text: string): Address | undefined => {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  return text.includes(":") && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
};

/** Parses `10.1.2.3`, `10.0.0.0/8`, `fd00::1` or `fd00::/8`. Undefined for anything else, such as bits behind the prefix. */
export const parseRange = (text: string): AddressRange | undefined => {
  const [head = "", bits, ...rest] = text.split("/");
  const address = parseAddress(head);
  if (address === undefined || rest.length > 0 || (address instanceof ipaddr.IPv6 && address.zoneId !== undefined)) return undefined;
  const length = address.kind() === "ipv4" ? 32 : 128;
  if (bits === undefined) return [address, length];
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > length) return undefined;
  const network = address.kind() === "ipv4" ? ipaddr.IPv4.networkAddressFromCIDR(text) : ipaddr.IPv6.networkAddressFromCIDR(text);
  return network.toString() === address.toString() ? [address, Number(bits)] : undefined;
};

const isIn = (address: Address, range: AddressRange | undefined): boolean =>
  range !== undefined && address.kind() === range[0].kind() && address.match(range[0], range[1]);

export const isInRanges = (address: Address, ranges: readonly AddressRange[]): boolean => ranges.some((range) => isIn(address, range));

/** True for a unicast address that hosts on the Internet have. An IPv6 form that carries an IPv4 address is public in ISATAP only, with a public one. */
export const isPublic = (address: Address): boolean =>
  address.kind() === "ipv4"
    ? !isInRanges(address, blockedV4)
    : isInRanges(address, global) && !isInRanges(address, blockedV6) && embeddedV4(address).every(isPublic);

/** `isPublic` of a text; false for what is no address. */
export const isPublicAddress = (text: string): boolean => {
  const address = parseAddress(text);
  return address !== undefined && isPublic(address);
};

/**
 * Returns the IPv4 addresses inside an IPv6 address: mapped, compatible, translated (RFC 2765), 6to4, Teredo (server and client), NAT64
 * (RFC 6052; also at the places of shorter prefixes) and ISATAP (RFC 5214). Empty for other addresses.
 */
export const embeddedV4 = (address: Address): ipaddr.IPv4[] => {
  if (!(address instanceof ipaddr.IPv6)) return [];
  const bytes = address.toByteArray();
  const at = (...places: [number, number, number, number]) => new ipaddr.IPv4(places.map((place) => bytes[place] ?? 0));
  const found: ipaddr.IPv4[] = [];
  if ([mapped, compatible, nat64, localNat64, translated].some((range) => isIn(address, range))) found.push(at(12, 13, 14, 15));
  // RFC 6052 §2.2: with a /48 prefix the address surrounds byte 8.
  if (isIn(address, localNat64)) found.push(at(6, 7, 9, 10));
  if (isIn(address, sixToFour)) found.push(at(2, 3, 4, 5));
  if (isIn(address, teredo)) found.push(at(4, 5, 6, 7), new ipaddr.IPv4(bytes.slice(12).map((byte) => byte ^ 0xff)));
  if ((bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe) found.push(at(12, 13, 14, 15));
  return found;
};

/** The IPv4 address of `::ffff:a.b.c.d`, which systems connect to by IPv4. */
export const unmapped = (address: Address): Address => (isIn(address, mapped) ? (embeddedV4(address)[0] ?? address) : address);
