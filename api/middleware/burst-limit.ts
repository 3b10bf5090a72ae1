/**
 * Refuses bursts of one API key with 429, before the database is asked who it is. Cloudflare counts for each of its locations and
 * approximately, so that this protects the service; exact quotas are in Postgres.
 */
import type { MiddlewareHandler } from "hono";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import { burstLimitField, burstPolicyField } from "../../core/limits/rate-limit-fields.ts";
import { sha256Hex } from "../../core/sha256-hex.ts";
import type { AppEnv } from "../deps.ts";
import type { BurstLimit } from "../rate-limiter.ts";

/** Error codes of this middleware. */
export const burstCodes = ["RATE_LIMITED"] as const satisfies readonly ErrorCode[];

type BurstDeps = {
  /** Null if there is no limit. */
  burst: BurstLimit | null;
};

/** Events have a budget of their own, so that reads do not cost them. Callers without a key are counted by address. */
export const limitBursts = (
  deps: BurstDeps,
  isIngestion: (request: { method: string; path: string }) => boolean,
): MiddlewareHandler<AppEnv> =>
  async function limitBursts(c, next) {
    if (deps.burst === null) return next();
    const { policy, limiter } = deps.burst;
    const sender = c.req.header("authorization") ?? c.req.header("cf-connecting-ip") ?? "";
    const key = `${isIngestion(c.req) ? "ingestion" : "api"}:${await sha256Hex(sender)}`;
    const { success } = await limiter.limit({ key });
    if (!success) {
      c.header("ratelimit", burstLimitField(policy));
      c.header("ratelimit-policy", burstPolicyField(policy));
      throw new AppError({ code: "RATE_LIMITED", retryAfterSeconds: policy.seconds });
    }
    await next();
    c.header("ratelimit-policy", burstPolicyField(policy), { append: true });
  };
