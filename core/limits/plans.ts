/** Registry of plans: the quotas of a project, which its own overrides can change one by one. */
import { z } from "zod";
import { type QuotaLimits, type QuotaName, quotaMax, quotaNames } from "./quotas.ts";

const gib = 1024 ** 3;

export const plans = {
  /** For installations of one's own. */
  unlimited: { concurrentExports: null, exportsPerHour: null, rowsPerDay: null, bytesPerDay: null },
  hobby: { concurrentExports: 2, exportsPerHour: 20, rowsPerDay: 10_000_000, bytesPerDay: 10 * gib },
  pro: { concurrentExports: 10, exportsPerHour: 100, rowsPerDay: 500_000_000, bytesPerDay: 500 * gib },
  enterprise: { concurrentExports: 50, exportsPerHour: 1000, rowsPerDay: 10_000_000_000, bytesPerDay: 10_000 * gib },
} as const satisfies Record<string, QuotaLimits>;

export type PlanName = keyof typeof plans;
export const planNames = Object.keys(plans) as [PlanName, ...PlanName[]];

/** Limits of one project that differ from its plan. A missing name keeps the plan's limit, null lifts it. */
export const QuotaOverrides = z.strictObject(
  Object.fromEntries(quotaNames.map((name) => [name, z.int().min(0).max(quotaMax).nullable().optional()])) as Record<
    QuotaName,
    z.ZodOptional<z.ZodNullable<z.ZodInt>>
  >,
);
export type QuotaOverrides = z.infer<typeof QuotaOverrides>;

/** Returns the limits of a project. */
export const limitsOf = (plan: PlanName, overrides: QuotaOverrides): QuotaLimits => ({
  ...plans[plan],
  ...Object.fromEntries(Object.entries(overrides).filter(([, limit]) => limit !== undefined)),
});

/** Environment of the API: the plan of projects that have none. */
export const planShape = { SPILLWAY_DEFAULT_PLAN: z.enum(planNames).default("unlimited") };
