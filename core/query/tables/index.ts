/** Registry of exportable tables: one file per table, one line here. */
import { auditLogs } from "./audit-logs.ts";
import { datasetItems } from "./dataset-items.ts";
import { datasetRunItems } from "./dataset-run-items.ts";
import { events } from "./events.ts";
import { observations } from "./observations.ts";
import { scores } from "./scores.ts";
import { sessions } from "./sessions.ts";
import type { ExportTable } from "./table.ts";
import { traces } from "./traces.ts";

export const tables = {
  events,
  traces,
  observations,
  sessions,
  scores,
  dataset_run_items: datasetRunItems,
  dataset_items: datasetItems,
  audit_logs: auditLogs,
} as const satisfies Record<string, ExportTable>;
export type TableName = keyof typeof tables;

export const findTable = (name: string): ExportTable | undefined => (Object.hasOwn(tables, name) ? tables[name as TableName] : undefined);
