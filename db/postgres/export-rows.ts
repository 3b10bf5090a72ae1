/**
 * Export sources in Postgres: plans the rows of exportable tables in slices by size, and reads each slice as JSON. Ordered by time, then
 * id.
 */
import { sql } from "drizzle-orm";
import { type Database, execute } from "./client.ts";

const instant = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')`;

type Stored = { from: string; select: string; size: string };

/** Columns in the form ClickHouse expects (core/query/tables): one entry per table of kind `postgres`. */
const stored: Record<string, Stored> = {
  dataset_items: {
    from: "dataset_items r join datasets d on d.id = r.dataset_id",
    select: `r.id, r.project_id, r.dataset_id, d.name as dataset_name, r.status, r.input::text as input, r.expected_output::text as expected_output,
      r.metadata::text as metadata, r.source_trace_id, r.source_observation_id, ${instant("r.created_at")} as created_at, ${instant("r.updated_at")} as updated_at`,
    size: "coalesce(length(r.input::text), 0) + coalesce(length(r.expected_output::text), 0) + coalesce(length(r.metadata::text), 0) + 400",
  },
  audit_logs: {
    from: "audit_logs r",
    select: `r.id, ${instant("r.created_at")} as created_at, ${instant("r.updated_at")} as updated_at, r.type, r.api_key_id, r.user_id, r.org_id, r.user_org_role,
      r.project_id, r.user_project_role, r.resource_type, r.resource_id, r.action, r.request_id, r.ip_address, r.before::text as before, r.after::text as after`,
    size: "coalesce(length(r.before::text), 0) + coalesce(length(r.after::text), 0) + 400",
  },
};

const storedOf = (tableName: string): Stored => {
  const found = stored[tableName];
  if (found === undefined) throw new Error(`no rows of ${tableName} are kept in Postgres`);
  return found;
};

type RowScope = { projectId: string; cutoff: string };
/** From `from` inclusive to `to` exclusive; null is open. Instants are text with microseconds. */
export type RowSlice = { from: KeysetPosition; to: KeysetPosition | null; rows: number; bytes: number };
type KeysetPosition = { at: string; id: string };

const within = ({ projectId, cutoff }: RowScope) => sql`r.project_id = ${projectId} and r.created_at < ${cutoff}::timestamptz`;

/** Cuts the rows into slices of about `sliceBytes`, oldest first. One scan of the project's rows. */
export const planRows = async (db: Database, tableName: string, scope: RowScope, sliceBytes: number): Promise<RowSlice[]> => {
  const { from, size } = storedOf(tableName);
  const rows = await execute<{ at: string; id: string; rows: string; bytes: string }>(
    db,
    sql`with sized as (select r.created_at, r.id, (${sql.raw(size)})::bigint as size from ${sql.raw(from)} where ${within(scope)}),
      cut as (select *, (sum(size) over (order by created_at, id) - 1) / ${sliceBytes}::bigint as slice from sized)
      select to_char((array_agg(created_at order by created_at, id))[1] at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
        (array_agg(id order by created_at, id))[1] as id, count(*)::text as rows, sum(size)::text as bytes
      from cut group by trunc(slice) order by trunc(slice)`,
  );
  return rows.map(({ at, id, rows: count, bytes }, index) => {
    const next = rows[index + 1];
    return {
      from: { at, id },
      to: next === undefined ? null : { at: next.at, id: next.id },
      rows: Number(count),
      bytes: Number(bytes),
    };
  });
};

export const countRows = async (db: Database, tableName: string, scope: RowScope): Promise<number> => {
  const [row] = await execute<{ rows: string }>(
    db,
    sql`select count(*)::text as rows from ${sql.raw(storedOf(tableName).from)} where ${within(scope)}`,
  );
  return Number(row?.rows);
};

/** Reads one slice as JSON lines. Memory: the slice. */
export const readRows = async (db: Database, tableName: string, scope: RowScope, slice: RowSlice): Promise<string> => {
  const { from, select } = storedOf(tableName);
  const place = ({ at, id }: KeysetPosition) => sql`(${at}::timestamptz, ${id}::text)`;
  const rows = await execute<{ line: string }>(
    db,
    sql`select row_to_json(x)::text as line from (
      select ${sql.raw(select)} from ${sql.raw(from)} where ${within(scope)} and (r.created_at, r.id) >= ${place(slice.from)}
        ${slice.to === null ? sql`` : sql`and (r.created_at, r.id) < ${place(slice.to)}`} order by r.created_at, r.id
    ) x`,
  );
  return rows.map(({ line }) => line).join("\n");
};

/** A place in the order of time and id. Microseconds since 1970, as text. Without an id: before all rows of that instant. */
export type PostgresPosition = { us: string; id: string | null };

/** Rows as JSON lines. `last`: the place of the last one; without rows there is none, and the piece is the last. */
type PostgresPiece = { lines: string[] } & ({ isLast: true } | { isLast: false; last: PostgresPosition });

/**
 * Reads on along time from a place, in either direction, up to `rowsMax` rows or about `bytesMax` bytes, but at least one row. Uses the index
 * on project, time and id. Memory: the piece.
 */
export const readPiece = async (
  db: Database,
  tableName: string,
  scope: RowScope,
  { after, isDescending, rowsMax, bytesMax }: { after: PostgresPosition | null; isDescending: boolean; rowsMax: number; bytesMax: number },
): Promise<PostgresPiece> => {
  const { from, select, size } = storedOf(tableName);
  const direction = sql.raw(isDescending ? "desc" : "asc");
  const rows = await execute<{ line: string; us: string; id: string }>(
    db,
    sql`with piece as (
      select r.id, r.created_at, row_number() over w as nth, sum(${sql.raw(size)}) over w as bytes
      from ${sql.raw(from)} where ${within(scope)} ${behind(after, isDescending)}
      window w as (order by r.created_at ${direction}, r.id ${direction}) order by r.created_at ${direction}, r.id ${direction} limit ${rowsMax}
    )
    select row_to_json(x)::text as line, x.id, (extract(epoch from p.created_at) * 1000000)::bigint::text as us
    from piece p join lateral (select ${sql.raw(select)} from ${sql.raw(from)} where r.project_id = ${scope.projectId} and r.id = p.id) x on true
    where p.nth = 1 or p.bytes <= ${bytesMax}::bigint order by p.nth`,
  );
  const last = rows.at(-1);
  const lines = rows.map(({ line }) => line);
  return last === undefined ? { lines, isLast: true } : { lines, isLast: false, last: { us: last.us, id: last.id } };
};

const behind = (after: PostgresPosition | null, isDescending: boolean) => {
  if (after === null) return sql``;
  const at = sql`(to_timestamp(0) + ${after.us}::bigint * interval '1 microsecond')`;
  if (after.id === null) return isDescending ? sql`and r.created_at <= ${at}` : sql`and r.created_at >= ${at}`;
  return isDescending
    ? sql`and (r.created_at, r.id) < (${at}, ${after.id}::text)`
    : sql`and (r.created_at, r.id) > (${at}, ${after.id}::text)`;
};
