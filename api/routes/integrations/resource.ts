/** The API's representation of an integration. Secrets are shown as masks. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { faultHelp } from "../../../core/integrations/fault-help.ts";
import { frequencies, integrationKinds, syncModes } from "../../../core/integrations/integration.ts";
import type { IntegrationFault } from "../../../core/integrations/run-result.ts";
import { showSecret } from "../../../core/integrations/show-secret.ts";
import { integrationStatus, syncStatuses } from "../../../core/integrations/status.ts";
import type { FoundIntegration } from "../../../services/integrations/find-integration.ts";
import { type IntegrationRow, openSecret } from "../../../services/integrations/integration-row.ts";
import { iso } from "../iso.ts";
import type { IntegrationDeps } from "./deps.ts";

const instant = z.iso.datetime();

export const Fault = z
  .object({
    code: z.string(),
    message: z.string(),
    detail: z.string().nullable().describe("The provider's own words."),
    table: z.string().nullable(),
    help: z.string().describe("What to do about it."),
    at: instant,
  })
  .openapi("IntegrationFault");

const Status = z.object({
  syncStatus: z.enum(syncStatuses),
  sentence: z.string().describe("The state in words."),
  deliveredThrough: instant.nullable().describe("Every row written before is delivered."),
  lagSeconds: z.int().nullable().describe("How far `deliveredThrough` is behind the present."),
  nextRunAt: instant.nullable(),
  lastRunAt: instant.nullable(),
  lastError: z.union([Fault, z.null()]).describe("Of the last attempt that failed; kept until a window is delivered."),
  disabledCode: z.string().nullable().describe("The fault that switched the integration off."),
  failures: z.int().describe("Attempts that failed since a window was delivered."),
  overdueSince: instant.nullable(),
  runs: z
    .object({ running: z.int(), queued: z.int(), pending: z.int(), failed: z.int() })
    .describe("Windows by state, without completed ones."),
  openRejections: z.int().describe("Rows the sink refused and has not accepted since."),
});

export const Integration = z
  .object({
    id: z.string(),
    projectId: z.string(),
    kind: z.enum(integrationKinds),
    name: z.string(),
    enabled: z.boolean(),
    schedule: z.object({
      frequency: z.enum(frequencies),
      cron: z.string().nullable(),
      timeZone: z.string(),
      jitterSeconds: z.int().describe("Windows are delivered so long after their end at the earliest."),
    }),
    mode: z.enum(syncModes),
    startDate: instant.nullable().describe("Where deliveries began; null with FULL_HISTORY."),
    endsAt: instant.nullable(),
    tables: z.array(z.string()),
    settings: z.record(z.string(), z.unknown()),
    secret: z.record(z.string(), z.string()).nullable().describe("A mask of each secret. Null: it cannot be opened; send it again."),
    status: Status,
    createdBy: z.string().nullable(),
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi("Integration");

export const showFault = (fault: IntegrationFault | null): z.infer<typeof Fault> | null =>
  fault === null
    ? null
    : {
        code: fault.code,
        message: fault.message,
        detail: fault.detail ?? null,
        table: fault.table ?? null,
        help: faultHelp(fault.code),
        at: fault.at,
      };

/** Returns null if no key of this server opens it. */
export const maskedSecret = async (deps: Pick<IntegrationDeps, "keyring">, row: IntegrationRow): Promise<Record<string, string> | null> => {
  try {
    return showSecret(row.kind, await openSecret(deps, row));
  } catch (error) {
    if (error instanceof AppError && (error.code === "SECRET_UNREADABLE" || error.code === "ENCRYPTION_DISABLED")) return null;
    throw error;
  }
};

export const showIntegration = async (
  deps: Pick<IntegrationDeps, "keyring" | "nowMs">,
  row: FoundIntegration,
): Promise<z.infer<typeof Integration>> => {
  const { syncStatus, sentence, lagSeconds } = integrationStatus(row, deps.nowMs());
  return {
    id: row.id,
    projectId: row.projectId,
    kind: row.kind,
    name: row.name,
    enabled: row.enabled,
    schedule: { frequency: row.frequency, cron: row.cron, timeZone: row.timeZone, jitterSeconds: row.jitterSeconds },
    mode: row.mode,
    startDate: iso(row.startsAt),
    endsAt: iso(row.endsAt),
    tables: row.tables,
    settings: row.settings,
    secret: await maskedSecret(deps, row),
    status: {
      syncStatus,
      sentence,
      deliveredThrough: iso(row.cursor),
      lagSeconds,
      nextRunAt: iso(row.nextRunAt),
      lastRunAt: iso(row.lastRunAt),
      lastError: showFault(row.lastError),
      disabledCode: row.disabledCode,
      failures: row.failures,
      overdueSince: iso(row.overdueAt),
      runs: row.runs,
      openRejections: row.openRejections,
    },
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
};
