/** Event log, merge: finds the objects that hold an entity's events. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";

export type EntityName = { projectId: string; entityType: string; entityId: string };

/** Returns one unique text per entity. */
export const entityName = ({ projectId, entityType, entityId }: EntityName): string => JSON.stringify([projectId, entityType, entityId]);

export type EntityFile = {
  key: string;
  /** Stored more than once, perhaps with other content each time; the clock may have been ahead the first time. */
  isRewritten: boolean;
  /** When it was last stored: only differences count. */
  storedAt: string;
  /** When it was first stored: ISO 8601 UTC with microseconds. */
  firstStoredAt: string;
};

/**
 * Returns all files of a requested entity; undefined if the log does not name every object of its project, so that the store must be asked.
 */
export type LoggedFiles = (entity: EntityName) => readonly EntityFile[] | undefined;

/**
 * Finds the files of these entities in one statement. Always includes a file whose job exists: both were written in one transaction, as was
 * the mark on a project whose file is not logged.
 */
export const listEntityFiles = async (db: Database, bucket: string, entities: readonly EntityName[]): Promise<LoggedFiles> => {
  const rows = await execute<EntityName & { isUnlogged: boolean; files: EntityFile[] }>(
    db,
    sql`select w."projectId", w."entityType", w."entityId", p.unlogged_since is not null as "isUnlogged",
        coalesce((select json_agg(json_build_object('key', e.bucket_path, 'isRewritten', e.updated_at <> e.created_at, 'storedAt', e.updated_at::text,
            'firstStoredAt', to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))) from event_log e
          where p.unlogged_since is null and e.project_id = w."projectId" and e.entity_type = w."entityType" and left(e.entity_id, 200) = left(w."entityId", 200)
            and e.entity_id = w."entityId" and e.bucket_name = ${bucket}), '[]') as files
      from (select distinct "projectId", "entityType", "entityId" from json_to_recordset(${JSON.stringify(entities)}::json) as w("projectId" text, "entityType" text, "entityId" text)) w
      join projects p on p.id = w."projectId"`,
  );
  const known = new Map(rows.map(({ isUnlogged, files, ...name }) => [entityName(name), isUnlogged ? undefined : oncePerKey(files)]));
  return (entity) => {
    const name = entityName(entity);
    return known.has(name) ? known.get(name) : [];
  };
};

/** A file is logged once per trace it has named: several rows mean it was rewritten. */
const oncePerKey = (files: readonly EntityFile[]): EntityFile[] => {
  const byKey = new Map<string, EntityFile>();
  for (const { key, isRewritten, storedAt, firstStoredAt } of files) {
    const known = byKey.get(key);
    byKey.set(key, {
      key,
      isRewritten: isRewritten || known !== undefined,
      storedAt: known !== undefined && known.storedAt > storedAt ? known.storedAt : storedAt,
      firstStoredAt: known !== undefined && known.firstStoredAt < firstStoredAt ? known.firstStoredAt : firstStoredAt,
    });
  }
  return [...byKey.values()];
};
