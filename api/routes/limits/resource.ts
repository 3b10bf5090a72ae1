/** The API's representation of a quota and how much of it is used. */
import { z } from "@hono/zod-openapi";
import type { QuotaUse as QuotaUseOf } from "../../../core/limits/quota-status.ts";
import { quotaNames, quotas } from "../../../core/limits/quotas.ts";

export const QuotaUse = z.object({
  name: z.enum(quotaNames),
  limit: z.int().nullable().describe("Null: no limit."),
  used: z.int().describe("Of rows and bytes: with the estimates of exports that wait or run."),
  left: z.int().nullable(),
  windowSeconds: z.int().nullable().describe("Null for concurrentExports, which counts what waits or runs at the moment."),
  renewsAt: z.iso.datetime().nullable().describe("The next full hour or day, UTC."),
});

export const showQuotaUse = (use: QuotaUseOf): z.infer<typeof QuotaUse> => ({ ...use, windowSeconds: quotas[use.name].windowSeconds });
