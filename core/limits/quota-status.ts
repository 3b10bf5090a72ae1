/** How much of its quotas a project has used, and whether an export still fits. */
import { AppError } from "../errors.ts";
import type { PlanName } from "./plans.ts";
import { type QuotaLimits, type QuotaName, quotaNames, quotas } from "./quotas.ts";

/** `used`: with the estimates of exports that wait or run. */
export type QuotaUse = { name: QuotaName; limit: number | null; used: number; left: number | null; renewsAt: string | null };
export type QuotaStatus = { plan: PlanName; nowMs: number; uses: QuotaUse[] };

/** What one export takes. */
export type ExportCost = Record<QuotaName, number>;
/** Rows, and bytes before compression; null where the project has no quota of either. */
export type ExportEstimate = { rows: number; bytes: number } | null;

/** Seconds to wait for a running export to end, which nobody knows. */
const concurrencyRetrySeconds = 30;

export const costOf = (estimate: ExportEstimate): ExportCost => ({
  concurrentExports: 1,
  exportsPerHour: 1,
  rowsPerDay: estimate?.rows ?? 0,
  bytesPerDay: estimate?.bytes ?? 0,
});

export const quotaUses = (limits: QuotaLimits, used: Record<QuotaName, number>, nowMs: number): QuotaUse[] =>
  quotaNames.map((name) => {
    const limit = limits[name];
    return { name, limit, used: used[name], left: limit === null ? null : Math.max(0, limit - used[name]), renewsAt: renewal(name, nowMs) };
  });

/** Returns the end of the window: the next full hour or day, UTC. */
const renewal = (name: QuotaName, nowMs: number): string | null => {
  const { windowSeconds } = quotas[name];
  if (windowSeconds === null) return null;
  const windowMs = windowSeconds * 1000;
  return new Date((Math.floor(nowMs / windowMs) + 1) * windowMs).toISOString();
};

/** Returns whole seconds until the quota renews; null if it has no window. */
export const secondsToRenewal = ({ renewsAt }: Pick<QuotaUse, "renewsAt">, nowMs: number): number | null =>
  renewsAt === null ? null : Math.max(1, Math.ceil((Date.parse(renewsAt) - nowMs) / 1000));

/** A quota that is used up refuses even an export without rows. */
export const fits = ({ limit, used }: Pick<QuotaUse, "limit" | "used">, cost: number): boolean =>
  limit === null || (used < limit && used + cost <= limit);

/** Throws QUOTA_EXCEEDED, or EXPORT_EXCEEDS_QUOTA if waiting cannot help. `status`: without this export. */
export const assertFits = ({ uses, nowMs }: QuotaStatus, cost: ExportCost): void => {
  const full = uses.find((use) => !fits(use, cost[use.name]));
  if (full === undefined || full.limit === null) return;
  const { name, limit, left, renewsAt } = full;
  const needed = cost[name];
  if (needed > limit)
    throw new AppError({
      code: "EXPORT_EXCEEDS_QUOTA",
      message: `The export would take about ${needed} of the quota ${name}, which is ${limit}.`,
    });
  const renewal = renewsAt === null ? "An export that ends makes room." : `It renews at ${renewsAt}.`;
  throw new AppError({
    code: "QUOTA_EXCEEDED",
    message: `The export would take ${needed} of the quota ${name}: ${left} of ${limit} ${quotas[name].unit} are left. ${renewal}`,
    retryAfterSeconds: secondsToRenewal(full, nowMs) ?? concurrencyRetrySeconds,
  });
};
