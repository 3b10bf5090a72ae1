/** Deletes what Postgres itself has of deleted data. */
import { sql } from "drizzle-orm";
import type { JobPayload } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../../db/postgres/client.ts";

/**
 * Deletes comments on the deleted data, and what users set on its sessions. For traces only the comments on the traces themselves:
 * ClickHouse alone knew their observations.
 */
export const deleteNotes = async (db: Database, projectId: string, what: JobPayload<"data.delete">): Promise<void> => {
  switch (what.scope) {
    case "traces":
      await execute(
        db,
        sql`delete from comments where project_id = ${projectId} and object_type = 'TRACE'
          and object_id in (select t.id from json_array_elements_text(${JSON.stringify(what.traceIds)}::json) as t(id))`,
      );
      return;
    case "project":
      await execute(db, sql`delete from comments where project_id = ${projectId} and object_type in ('TRACE', 'OBSERVATION', 'SESSION')`);
      await execute(db, sql`delete from trace_sessions where project_id = ${projectId}`);
      return;
    case "scores":
    case "before":
      return;
    default:
      return what satisfies never;
  }
};
