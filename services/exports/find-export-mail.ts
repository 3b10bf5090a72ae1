/** Loads the data for a mail about an export. */
import { sql } from "drizzle-orm";
import type { ExportManifest } from "../../core/exports/manifest.ts";
import { type Database, execute } from "../../db/postgres/client.ts";

type ExportMail = {
  id: string;
  name: string;
  status: string;
  projectName: string;
  userName: string | null;
  email: string;
  finishedAt: string | null;
  expiresAt: string | null;
  errorCode: string | null;
  log: string | null;
  manifest: ExportManifest | null;
};

/** Returns undefined if the export or its user is gone, or the user has left the organisation. */
export const findExportMail = async (db: Database, exportId: string): Promise<ExportMail | undefined> => {
  const iso = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`);
  const [row] = await execute<ExportMail>(
    db,
    sql`select b.id, b.name, b.status, p.name as "projectName", u.name as "userName", u.email, ${iso("b.finished_at")} as "finishedAt", ${iso("b.expires_at")} as "expiresAt",
        b.error_code as "errorCode", b.log, b.manifest
      from batch_exports b join projects p on p.id = b.project_id join users u on u.id = b.user_id
      where b.id = ${exportId} and exists (select 1 from memberships m where m.user_id = u.id and m.org_id = p.org_id)`,
  );
  return row;
};
