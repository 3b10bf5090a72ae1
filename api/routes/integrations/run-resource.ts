/** The API's representation of a run: the delivery of one window. */
import { z } from "@hono/zod-openapi";
import { runCauses, runStates } from "../../../core/integrations/run-state.ts";
import type { IntegrationRunRow } from "../../../services/integrations/list-runs.ts";
import { iso } from "../iso.ts";
import { Fault, showFault } from "./resource.ts";

const instant = z.iso.datetime();

export const RunSummary = z
  .object({
    id: z.string(),
    integrationId: z.string(),
    state: z.enum(runStates).describe("`pending` waits to be delivered again; `failed` is taken up at the next tick."),
    cause: z.enum(runCauses),
    windowStart: instant.describe("The window holds rows written at this instant or later,"),
    windowEnd: instant.describe("and before this one."),
    attempts: z.int(),
    deliveries: z.int().describe("How often the window was delivered."),
    rows: z.int(),
    bytes: z.int(),
    sent: z.int().describe("Events that were sent to a sink: `accepted` and `rejected`."),
    accepted: z.int(),
    rejected: z.int(),
    error: z.union([Fault, z.null()]),
    manifestKey: z.string().nullable().describe("Key of the manifest in the bucket."),
    contentHash: z.string().nullable().describe("Equal when the same window gave the same files."),
    createdAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
  })
  .openapi("IntegrationRunSummary");

export const Run = RunSummary.extend({
  tables: z.record(z.string(), z.unknown()).describe("What each table came to, with its files."),
}).openapi("IntegrationRun");

export const showRunSummary = (row: IntegrationRunRow): z.infer<typeof RunSummary> => ({
  id: row.id,
  integrationId: row.integrationId,
  state: row.state,
  cause: row.cause,
  windowStart: row.windowStart.toISOString(),
  windowEnd: row.windowEnd.toISOString(),
  attempts: row.attempts,
  deliveries: row.deliveries,
  rows: row.rows,
  bytes: row.bytes,
  sent: row.sent,
  accepted: row.accepted,
  rejected: row.rejected,
  error: showFault(row.error),
  manifestKey: row.manifestKey,
  contentHash: row.contentHash,
  createdAt: row.createdAt.toISOString(),
  startedAt: iso(row.startedAt),
  finishedAt: iso(row.finishedAt),
});
