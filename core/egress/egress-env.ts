/** Configuration: the operator's allow list for customers' addresses. The Worker and the runner parse the same variables. */
import { z } from "zod";
import type { AllowedHost, EgressPolicy, PortRange } from "./egress-policy.ts";
import { type AddressRange, parseAddress, parseRange } from "./ip-address.ts";

/** Splits at commas and parses each entry. A problem names the entry by its place, never its value. */
const listOf = <Entry>(parse: (text: string) => Entry | undefined, form: string) =>
  z
    .string()
    .default("")
    .transform((text, context): Entry[] =>
      text.split(",").flatMap((entry, i) => {
        if (entry.trim() === "") return [];
        const parsed = parse(entry.trim());
        if (parsed !== undefined) return [parsed];
        context.addIssue({ code: "custom", message: `entry ${i + 1} is not ${form}` });
        return [];
      }),
    );

const parseHost = (text: string): AllowedHost | undefined => {
  // An IPv6 address with a port needs brackets, as in a URL.
  const [, bracketed, name, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? name ?? text;
  const port = digits === undefined ? null : Number(digits);
  if (port !== null && (port < 1 || port > 65_535)) return undefined;
  const address = parseAddress(host);
  if (address !== undefined) return { name: address.toString(), port };
  const isWildcard = host.startsWith("*.");
  const rest = isWildcard ? host.slice(2) : host;
  // As in a URL, so that `MINIO.internal.` and names of other alphabets compare equal.
  if (/[^\p{L}\p{N}._-]/u.test(rest) || !URL.canParse(`https://${rest}`)) return undefined;
  const { hostname } = new URL(`https://${rest}`);
  const normal = hostname.replace(/\.$/, "");
  return { name: isWildcard ? `*.${normal}` : normal, port };
};

const parsePorts = (text: string): PortRange | undefined => {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range: PortRange = [Number(from), Number(to)];
  return from !== undefined && range[0] >= 1 && range[0] <= range[1] && range[1] <= 65_535 ? range : undefined;
};

const hosts = listOf<AllowedHost>(parseHost, "a host name or IP address, with or without a port");
const ranges = listOf<AddressRange>(parseRange, "an IP address or a network such as 10.0.0.0/8");
const ports = listOf<PortRange>(parsePorts, "a port or a range such as 9000-9010");

export const egressShape = {
  SPILLWAY_EGRESS_ALLOWED_HOSTS: hosts,
  SPILLWAY_EGRESS_ALLOWED_RANGES: ranges,
  SPILLWAY_EGRESS_ALLOWED_PORTS: ports,
  SPILLWAY_EGRESS_ALLOW_HTTP: z
    .enum(["true", "false"])
    .default("false")
    .transform((value) => value === "true"),
  // Langfuse's names; they add to those above.
  LANGFUSE_BLOB_STORAGE_ENDPOINT_WHITELISTED_HOST: hosts,
  LANGFUSE_BLOB_STORAGE_ENDPOINT_WHITELISTED_IPS: ranges,
  LANGFUSE_BLOB_STORAGE_ENDPOINT_WHITELISTED_IP_SEGMENTS: ranges,
  LANGFUSE_WEBHOOK_WHITELISTED_HOST: hosts,
  LANGFUSE_WEBHOOK_WHITELISTED_IPS: ranges,
  LANGFUSE_WEBHOOK_WHITELISTED_IP_SEGMENTS: ranges,
} as const;

type EgressEnv = z.output<z.ZodObject<typeof egressShape>>;

/** One policy for all kinds of destinations. */
export const egressPolicy = (env: EgressEnv): EgressPolicy => ({
  hosts: [
    ...env.SPILLWAY_EGRESS_ALLOWED_HOSTS,
    ...env.LANGFUSE_BLOB_STORAGE_ENDPOINT_WHITELISTED_HOST,
    ...env.LANGFUSE_WEBHOOK_WHITELISTED_HOST,
  ],
  ranges: [
    ...env.SPILLWAY_EGRESS_ALLOWED_RANGES,
    ...env.LANGFUSE_BLOB_STORAGE_ENDPOINT_WHITELISTED_IPS,
    ...env.LANGFUSE_BLOB_STORAGE_ENDPOINT_WHITELISTED_IP_SEGMENTS,
    ...env.LANGFUSE_WEBHOOK_WHITELISTED_IPS,
    ...env.LANGFUSE_WEBHOOK_WHITELISTED_IP_SEGMENTS,
  ],
  ports: env.SPILLWAY_EGRESS_ALLOWED_PORTS,
  allowsHttp: env.SPILLWAY_EGRESS_ALLOW_HTTP,
});
