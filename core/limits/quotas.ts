/** Registry of the quotas of exports. Counting, refusing, headers and answers derive from its keys. */

type Quota = {
  /** Name in the fields RateLimit and RateLimit-Policy. */
  policy: string;
  /** Length of its window, which begins on the full UTC hour or day. Null: it counts what exists at the moment. */
  windowSeconds: number | null;
  /** What is counted, in a sentence such as "3 of 5 … are left". */
  unit: string;
};

export const quotas = {
  /** Exports that wait or run. */
  concurrentExports: { policy: "concurrent-exports", windowSeconds: null, unit: "exports at once" },
  /** Creations, re-runs and retries. */
  exportsPerHour: { policy: "exports-per-hour", windowSeconds: 3600, unit: "exports of this hour" },
  /** Rows of completed exports, and the estimates of those that wait or run. */
  rowsPerDay: { policy: "rows-per-day", windowSeconds: 86_400, unit: "rows of this day" },
  /** Bytes of the files of completed exports as stored, and the estimates of those that wait or run. */
  bytesPerDay: { policy: "bytes-per-day", windowSeconds: 86_400, unit: "bytes of this day" },
} as const satisfies Record<string, Quota>;

export type QuotaName = keyof typeof quotas;
export const quotaNames = Object.keys(quotas) as [QuotaName, ...QuotaName[]];

/** Null: no limit. */
export type QuotaLimits = Record<QuotaName, number | null>;
export const quotaMax = 1_000_000_000_000_000;
