/** The columns and the audit row of an outcome. */
import { sql } from "drizzle-orm";
import type { ExportManifest } from "../../core/exports/manifest.ts";
import { batchExportStatusOf } from "../../core/jobs/state.ts";
import { storableForm, storableJson } from "../../core/storable.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { Outcome } from "../../db/queue/settle-job.ts";

export const writeExport = async (
  tx: Database,
  exportId: string,
  state: Outcome["state"],
  error: { code: string; message: string } | undefined,
  manifest: ExportManifest | undefined,
): Promise<void> => {
  const status = batchExportStatusOf[state];
  const isFinal = state === "completed" || state === "cancelled" || state === "discarded";
  await execute(
    tx,
    sql`update batch_exports set status = ${status}, updated_at = now(), progress = ${isFinal ? sql`progress` : sql`null`},
        finished_at = ${isFinal ? sql`now()` : sql`null`},
        expires_at = ${state === "completed" ? sql`now() + make_interval(hours => expires_after_hours)` : sql`null`},
        error_code = ${error?.code ?? null}, log = ${error === undefined ? null : storableForm(error.message)},
        manifest = ${manifest === undefined ? sql`null` : sql`${storableJson(manifest)}::jsonb`},
        rows = ${manifest?.rows ?? null}, bytes = ${manifest?.bytes ?? null}, truncated = ${manifest?.truncated ?? null}
      where id = ${exportId}`,
  );
};

const actions = { completed: "complete", cancelled: "cancelled", discarded: "fail" } as const;

export const writeAudit = async (tx: Database, exportId: string, state: keyof typeof actions, auditId: string): Promise<void> => {
  await execute(
    tx,
    sql`insert into audit_logs (id, type, project_id, org_id, user_id, api_key_id, resource_type, resource_id, action, after)
      select ${auditId}, 'RUNNER', b.project_id, p.org_id, b.user_id, b.api_key_id, 'batchExport', b.id, ${actions[state]},
        jsonb_build_object('status', b.status, 'rows', b.rows, 'bytes', b.bytes, 'errorCode', b.error_code)
      from batch_exports b join projects p on p.id = b.project_id where b.id = ${exportId}`,
  );
};
