/**
 * From a checked URL to the one address its request may go to: resolves the name once, checks every address it has, and takes the first that
 * answers. The request is then sent to that address, so that a second resolution cannot lead elsewhere.
 */
import { hostOf, portOf } from "../../core/egress/check-outbound-url.ts";
import { type EgressPolicy, isAddressAllowed, isHostAllowed } from "../../core/egress/egress-policy.ts";
import { parseAddress, unmapped } from "../../core/egress/ip-address.ts";
import { AppError } from "../../core/errors.ts";
import { reasonOf } from "./connection-failure.ts";

export type PinDeps = {
  policy: EgressPolicy;
  /** All addresses of a name, IPv4 and IPv6. Rejects if there are none. */
  resolve: (host: string) => Promise<readonly string[]>;
  connect: (address: string, port: number, signal: AbortSignal) => Promise<void>;
  /** Longest time for the resolution, and for the connection to one address. */
  connectTimeoutMs: number;
  /** Monotonic clock in milliseconds. */
  nowMs: () => number;
};

export type AddressPinner = {
  /** Throws EGRESS_DNS_FAILED, EGRESS_BLOCKED, EGRESS_UNREACHABLE, or the signal's reason. */
  pin: (url: URL, signal: AbortSignal | undefined) => Promise<string>;
  /** The next request to this address connects first. */
  forget: (address: string, port: number) => void;
};

/** An address that has answered is taken without a connection of its own for this long. */
const answeredForMs = 60_000;
const answeredMax = 1000;
/** A name may have thousands of addresses that do not answer. */
const addressesTriedMax = 4;

export const createAddressPinner = (deps: PinDeps): AddressPinner => {
  const answeredAtMs = new Map<string, number>();
  const keyOf = (address: string, port: number) => `${address} ${port}`;
  const hasAnswered = (address: string, port: number) =>
    deps.nowMs() - (answeredAtMs.get(keyOf(address, port)) ?? Number.NEGATIVE_INFINITY) < answeredForMs;
  const remember = (address: string, port: number) => {
    answeredAtMs.delete(keyOf(address, port));
    answeredAtMs.set(keyOf(address, port), deps.nowMs());
    const [oldest] = answeredAtMs.keys();
    if (answeredAtMs.size > answeredMax && oldest !== undefined) answeredAtMs.delete(oldest);
  };

  return {
    pin: async (url, signal) => {
      const port = portOf(url);
      const addresses = await checkedAddresses(url, deps, signal);
      const known = addresses.find((address) => hasAnswered(address, port));
      if (known !== undefined) return known;
      const reasons: string[] = [];
      for (const address of interleaved(addresses).slice(0, addressesTriedMax)) {
        try {
          await within(deps.connectTimeoutMs, signal, (limit) => deps.connect(address, port, limit));
          remember(address, port);
          return address;
        } catch (error) {
          signal?.throwIfAborted();
          reasons.push(`${address}: ${reasonOf(error)}`);
        }
      }
      throw new AppError({
        code: "EGRESS_UNREACHABLE",
        message: `${url.host} does not accept connections.`,
        detail: reasons.join(", "),
      });
    },
    forget: (address, port) => void answeredAtMs.delete(keyOf(address, port)),
  };
};

/** IPv6 and IPv4 by turns (RFC 8305 §4), since one of them may have no route at all. */
const interleaved = (addresses: readonly string[]): string[] => {
  const isLikeFirst = (address: string) => address.includes(":") === addresses[0]?.includes(":");
  const others = addresses.filter((address) => !isLikeFirst(address));
  const turns = addresses.filter(isLikeFirst).flatMap((address, i) => [address, ...others.slice(i, i + 1)]);
  return [...turns, ...others.filter((address) => !turns.includes(address))];
};

/** All addresses of the URL's host. One that is not allowed blocks them all, since the name's owner may choose which is used. */
const checkedAddresses = async (url: URL, deps: PinDeps, signal: AbortSignal | undefined): Promise<string[]> => {
  const host = hostOf(url);
  if (host === undefined) throw new AppError({ code: "EGRESS_INVALID_URL" });
  const addresses = parseAddress(host) === undefined ? await resolved(host, deps, signal) : [host];
  const isListed = isHostAllowed(deps.policy, host, portOf(url));
  const blocked = isListed ? [] : addresses.filter((address) => !isAddressAllowed(deps.policy, address));
  if (blocked.length > 0)
    throw new AppError({
      code: "EGRESS_BLOCKED",
      message: `${host} resolves to a private or reserved address, which is not allowed.`,
      detail: `resolved to ${blocked.join(", ")}`,
    });
  return addresses.flatMap((text) => {
    const address = parseAddress(text);
    return address === undefined ? [] : [unmapped(address).toString()];
  });
};

const resolved = async (host: string, deps: PinDeps, signal: AbortSignal | undefined): Promise<readonly string[]> => {
  let reason = "no address";
  try {
    const addresses = await within(deps.connectTimeoutMs, signal, () => deps.resolve(host));
    if (addresses.length > 0) return addresses;
  } catch (error) {
    signal?.throwIfAborted();
    reason = reasonOf(error);
  }
  throw new AppError({ code: "EGRESS_DNS_FAILED", message: `The host name ${host} cannot be resolved.`, detail: reason });
};

class TimedOut extends Error {
  readonly code = "TIMEOUT";
}

/** Runs with a signal that fires after the time or with the caller's, and does not wait longer than that. */
const within = async <T>(timeoutMs: number, signal: AbortSignal | undefined, run: (limit: AbortSignal) => Promise<T>): Promise<T> => {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = (reason: unknown) => {
    controller.abort(reason);
    reject(reason);
  };
  const onAbort = () => end(signal?.reason);
  const timer = setTimeout(() => end(new TimedOut()), timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([run(controller.signal), ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
};
