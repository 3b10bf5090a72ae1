/** The limit of bursts that a deployment has: its policy, and the binding that counts. */
import type { BurstPolicy } from "../core/limits/rate-limit-fields.ts";

/** Cloudflare's binding, see `ratelimits` in wrangler.toml. */
export type RateLimiter = { limit: (of: { key: string }) => Promise<{ success: boolean }> };

export const isRateLimiter = (binding: unknown): binding is RateLimiter =>
  typeof binding === "object" && binding !== null && "limit" in binding;

export type BurstLimit = { policy: BurstPolicy; limiter: RateLimiter };
