/**
 * The fields RateLimit and RateLimit-Policy: `"exports-per-hour";q=100;w=3600` and `"exports-per-hour";r=97;t=1234`.
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/10/
 */
import { type QuotaStatus, secondsToRenewal } from "./quota-status.ts";
import { quotas } from "./quotas.ts";

/** At most `requests` in `seconds`, for each API key. */
export type BurstPolicy = { requests: number; seconds: number };

type Fields = { policy: string[]; limit: string[] };

/** Quotas without a limit are left out. */
export const quotaFields = ({ uses, nowMs }: QuotaStatus): Fields => {
  const limited = uses.flatMap((use) => (use.limit === null || use.left === null ? [] : [{ ...use, limit: use.limit, left: use.left }]));
  return {
    policy: limited.map(({ name, limit }) => item(name, { q: limit, w: quotas[name].windowSeconds })),
    limit: limited.map((use) => item(use.name, { r: use.left, t: secondsToRenewal(use, nowMs) })),
  };
};

export const burstPolicyField = ({ requests, seconds }: BurstPolicy): string => `"burst";q=${requests};w=${seconds}`;
/** The binding does not say how much is left, so that this exists only for refused requests. */
export const burstLimitField = ({ seconds }: BurstPolicy): string => `"burst";r=0;t=${seconds}`;

const item = (name: keyof typeof quotas, parameters: Record<string, number | null>): string =>
  [`"${quotas[name].policy}"`, ...Object.entries(parameters).flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}`]))].join(
    ";",
  );
