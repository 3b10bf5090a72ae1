/**
 * Refuses bursts of one API key or session with 429, before the database is asked who it is. Cloudflare counts for each of its locations and
 * approximately, so that this protects the service; exact quotas are in Postgres.
 */
import type { Context, MiddlewareHandler } from "hono";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import { burstLimitField, burstPolicyField } from "../../core/limits/rate-limit-fields.ts";
import { sha256Hex } from "../../core/sha256-hex.ts";
import type { AppEnv } from "../deps.ts";
import type { BurstLimit } from "../rate-limiter.ts";
import { readSessionCookie } from "./session-cookie.ts";

/** Error codes of this middleware. */
export const burstCodes = ["RATE_LIMITED"] as const satisfies readonly ErrorCode[];

type BurstDeps = {
  /** Null if there is no limit. */
  burst: BurstLimit | null;
};

/** `bucket`: requests of one sender in one bucket are counted together. `sender`: who is counted. */
type Counted = { bucket: (request: { method: string; path: string }) => string; sender: (c: Context<AppEnv>) => string };

/** Callers are counted by key, else by session, else by address. */
export const senderOf =
  (publicUrl: string | null) =>
  (c: Context<AppEnv>): string =>
    c.req.header("authorization") ?? readSessionCookie(c, publicUrl) ?? addressOf(c);

export const addressOf = (c: Context<AppEnv>): string => c.req.header("cf-connecting-ip") ?? "";

export const limitBursts = (deps: BurstDeps, { bucket, sender }: Counted): MiddlewareHandler<AppEnv> =>
  async function limitBursts(c, next) {
    if (deps.burst === null) return next();
    const { policy, limiter } = deps.burst;
    const key = `${bucket(c.req)}:${await sha256Hex(sender(c))}`;
    const { success } = await limiter.limit({ key });
    if (!success) {
      c.header("ratelimit", burstLimitField(policy));
      c.header("ratelimit-policy", burstPolicyField(policy));
      throw new AppError({ code: "RATE_LIMITED", retryAfterSeconds: policy.seconds });
    }
    await next();
    c.header("ratelimit-policy", burstPolicyField(policy), { append: true });
  };
