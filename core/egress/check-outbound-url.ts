/** Checks a customer's address as it is written, before any name is resolved. The guarded fetch checks the resolved addresses. */
import { AppError } from "../errors.ts";
import { type EgressPolicy, isAddressAllowed, isHostAllowed, isPortAllowed } from "./egress-policy.ts";
import { parseAddress } from "./ip-address.ts";

const urlCharactersMax = 2048;

/** Names of this machine, its network and the metadata services of clouds; each with all names below it. */
const blockedNames = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "lan",
  "corp",
  "home",
  "home.arpa",
  "private",
  "svc",
  "cluster.local",
  "metadata.google.internal",
  "metadata.goog",
  "host.docker.internal",
  "gateway.docker.internal",
  "in-addr.arpa",
  "ip6.arpa",
];

/**
 * Parses and checks an address that a customer wrote. Returns it with a lower-case host without a dot at its end. `path` is the field that the
 * error names. Throws EGRESS_INVALID_URL (not an absolute URL, not https, with credentials) and EGRESS_BLOCKED (port, host or literal address
 * not allowed). Messages never quote the address, which may hold a secret.
 */
export const checkOutboundUrl = (text: string, policy: EgressPolicy, path = "url"): URL => {
  const fail = (code: "EGRESS_INVALID_URL" | "EGRESS_BLOCKED", message: string) =>
    new AppError({ code, message, fields: [{ path, message }] });
  if (text.length > urlCharactersMax) throw fail("EGRESS_INVALID_URL", `The URL has more than ${urlCharactersMax} characters.`);
  const url = parseUrl(text);
  if (url === undefined) throw fail("EGRESS_INVALID_URL", "The URL is not valid; write the whole address, such as https://example.com.");
  if (url.protocol !== "https:" && url.protocol !== "http:") throw fail("EGRESS_INVALID_URL", "The URL must begin with https://.");
  if (url.username !== "" || url.password !== "")
    throw fail("EGRESS_INVALID_URL", "The URL must not contain credentials; there are settings for them.");
  if (url.protocol === "http:" && !policy.allowsHttp)
    throw fail("EGRESS_INVALID_URL", "The URL must begin with https://; this server does not allow http.");
  const host = hostOf(url);
  if (host === undefined) throw fail("EGRESS_INVALID_URL", "The URL has no valid host name.");
  const port = portOf(url);
  if (!isPortAllowed(policy, host, port)) throw fail("EGRESS_BLOCKED", `Port ${port} is not allowed; ports 80 and 443 are.`);
  if (isHostAllowed(policy, host, port)) return withHost(url, host);
  if (parseAddress(host) !== undefined) {
    if (!isAddressAllowed(policy, host))
      throw fail("EGRESS_BLOCKED", "The host is a private or reserved IP address, which is not allowed.");
  } else if (isNameBlocked(host)) throw fail("EGRESS_BLOCKED", "The host name belongs to a private network, which is not allowed.");
  return withHost(url, host);
};

/** The port that a request connects to. */
export const portOf = ({ port, protocol }: URL): number => (port !== "" ? Number(port) : protocol === "http:" ? 80 : 443);

/** The host as the policy compares it: IPv6 without brackets, no dot at the end. Undefined if it is neither an address nor a name of DNS. */
export const hostOf = ({ hostname }: URL): string | undefined => {
  if (hostname.startsWith("[")) return parseAddress(hostname.slice(1, -1))?.toString();
  const host = hostname.toLowerCase().replace(/\.$/, "");
  return host.length <= 253 && /^[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*$/.test(host) ? host : undefined;
};

const parseUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

/** A name without a dot is one of the local network. */
const isNameBlocked = (host: string): boolean =>
  !host.includes(".") || blockedNames.some((name) => host === name || host.endsWith(`.${name}`));

const withHost = (url: URL, host: string): URL => {
  const checked = new URL(url);
  if (!host.includes(":")) checked.hostname = host;
  return checked;
};

/** Returns why requests must not go to this address, for a field of settings; undefined if they may. Hosts are resolved when they are used. */
export const outboundUrlProblem = (text: string, policy: EgressPolicy): string | undefined => {
  try {
    checkOutboundUrl(text, policy);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
};
