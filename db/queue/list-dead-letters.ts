/** Queue: lists dead letters, accepted jobs that have used up their attempts. */

import { sql } from "drizzle-orm";
import { type JobKind, kindsWhere } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { kindList, states } from "./state-sql.ts";

type DeadLetter = {
  id: string;
  projectId: string;
  kind: JobKind;
  /** What the job is about: `observation/ID`, the file of an OpenTelemetry request, or the scope of a deletion. */
  entity: string;
  code: string | null;
  message: string | null;
  /** ISO 8601 UTC. */
  finishedAt: string;
};

const accepted = kindList(kindsWhere(({ durability }) => durability === "accepted"));

/** Newest first. Reads no event payloads; uses jobs_finished_idx. */
export const listDeadLetters = (
  db: Database,
  {
    projectId,
    rowsMax,
    after,
  }: {
    projectId: string | undefined;
    rowsMax: number;
    /** The last one of the page before. */
    after?: { finishedAt: string; id: string } | undefined;
  },
): Promise<DeadLetter[]> =>
  execute<DeadLetter>(
    db,
    sql`select id, project_id as "projectId", kind,
        coalesce((payload ->> 'entityType') || '/' || (payload ->> 'entityId'), payload ->> 'fileKey', payload ->> 'scope', '') as entity,
        last_error ->> 'code' as code, last_error ->> 'message' as message,
        to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "finishedAt"
      from jobs where finished_at is not null and state = ${states.discarded} and kind in ${accepted}
        ${projectId === undefined ? sql`` : sql`and project_id = ${projectId}`}
        ${after === undefined ? sql`` : sql`and (date_trunc('milliseconds', finished_at), id) < (${after.finishedAt}::timestamptz, ${after.id}::text)`}
      order by date_trunc('milliseconds', finished_at) desc, id desc limit ${rowsMax}`,
  );
