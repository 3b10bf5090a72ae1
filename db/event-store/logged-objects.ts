/** The event log read for what it is for: which objects hold what is to be deleted or replayed. */
import { type SQL, sql } from "drizzle-orm";
import type { JobPayload } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";

export type LoggedObjectRow = { id: string; bucketPath: string; entityType: string; entityId: string };

/**
 * Objects of a scope, up to `rowsMax`. Of traces: all that names one of them as its trace, and the traces themselves; further, files of observations and scores that
 * name no trace in their own events but whose entity has another file that does.
 */
export const listLoggedObjects = (
  db: Database,
  projectId: string,
  bucket: string,
  what: JobPayload<"data.delete">,
  rowsMax: number,
): Promise<LoggedObjectRow[]> =>
  execute<LoggedObjectRow>(
    db,
    sql`select id, bucket_path as "bucketPath", entity_type as "entityType", entity_id as "entityId" from event_log e
      where e.project_id = ${projectId} and e.bucket_name = ${bucket} and ${condition(projectId, what)} order by e.id limit ${rowsMax}`,
  );

const condition = (projectId: string, what: JobPayload<"data.delete">): SQL => {
  switch (what.scope) {
    case "project":
      return sql`true`;
    case "before":
      return sql`e.created_at < ${what.before}::timestamptz`;
    case "traces": {
      const ids = sql`(select t.id from json_array_elements_text(${JSON.stringify(what.traceIds)}::json) as t(id))`;
      const named = sql`left(e.trace_id, 200) in (select left(w.id, 200) from ${ids} as w) and e.trace_id in ${ids}`;
      return sql`((${named}) or (e.entity_type in ('observation', 'score') and exists (
        select 1 from event_log o where o.project_id = ${projectId} and o.entity_type = e.entity_type and left(o.entity_id, 200) = left(e.entity_id, 200)
          and o.entity_id = e.entity_id and o.trace_id in ${ids})))`;
    }
    default:
      return what satisfies never;
  }
};

export const forgetObjects = (db: Database, ids: readonly string[]): Promise<unknown> =>
  execute(db, sql`delete from event_log using json_array_elements_text(${JSON.stringify(ids)}::json) as d(id) where event_log.id = d.id`);

export type EntityName = { projectId: string; entityType: string; entityId: string };

/** One text for each entity. */
export const entityName = ({ projectId, entityType, entityId }: EntityName): string => JSON.stringify([projectId, entityType, entityId]);

export type EntityFile = {
  key: string;
  /** Stored more than once, perhaps with something else each time. */
  isRewritten: boolean;
};

/** All files of these entities, in one go, by `entityName`. A file whose job exists is always among them: both were written in one transaction. */
export const listEntityFiles = async (
  db: Database,
  bucket: string,
  entities: readonly EntityName[],
): Promise<Map<string, EntityFile[]>> => {
  const rows = await execute<EntityName & { files: EntityFile[] }>(
    db,
    sql`select e.project_id as "projectId", e.entity_type as "entityType", e.entity_id as "entityId", 
        json_agg(json_build_object('key', e.bucket_path, 'isRewritten', e.updated_at > e.created_at)) as files
      from (select distinct "projectId", "entityType", "entityId" from json_to_recordset(${JSON.stringify(entities)}::json) as w("projectId" text, "entityType" text, "entityId" text)) w
      join event_log e on e.project_id = w."projectId" and e.entity_type = w."entityType" and left(e.entity_id, 200) = left(w."entityId", 200) and e.entity_id = w."entityId"
      where e.bucket_name = ${bucket} group by 1, 2, 3`,
  );
  return new Map(rows.map(({ files, ...name }) => [entityName(name), oncePerKey(files)]));
};

/** A file is logged once for each trace it has named: more than once, and it has been rewritten. */
const oncePerKey = (files: readonly EntityFile[]): EntityFile[] => {
  const byKey = new Map<string, EntityFile>();
  for (const { key, isRewritten } of files) byKey.set(key, { key, isRewritten: isRewritten || byKey.has(key) });
  return [...byKey.values()];
};
