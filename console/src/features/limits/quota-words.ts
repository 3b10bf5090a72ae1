/** What each quota counts, in words. */
import { bytesText, countText } from "../../components/quantity.ts";
import type { Limits } from "../../generated/types.gen.ts";

export type Quota = Limits["quotas"][number];

export const quotaWords: Record<Quota["name"], { title: string; counts: string; renews: string }> = {
  concurrentExports: { title: "Exports at once", counts: "Exports that wait or run.", renews: "When one of them ends" },
  exportsPerHour: { title: "Exports per hour", counts: "Creations, re-runs and retries.", renews: "Renews" },
  rowsPerDay: {
    title: "Rows per day",
    counts: "Rows of completed exports, and the estimates of those that wait or run.",
    renews: "Renews",
  },
  bytesPerDay: {
    title: "Bytes per day",
    counts: "Bytes of files as stored, and the estimates of exports that wait or run.",
    renews: "Renews",
  },
};

/** Bytes are rounded; everything else is exact. */
export const quotaText = (name: Quota["name"], count: number): string => (name === "bytesPerDay" ? bytesText(count) : countText(count));

/** From 0 to 100; 0 without a limit, and 100 where nothing is allowed. */
export const usedPercent = ({ used, limit }: Pick<Quota, "used" | "limit">): number =>
  limit === null ? 0 : limit === 0 ? 100 : Math.min(100, (used / limit) * 100);

/** From here on a quota is worth a warning. */
const nearPercent = 80;

export const isNearLimit = (quota: Pick<Quota, "used" | "limit">): boolean => quota.limit !== null && usedPercent(quota) >= nearPercent;
