/** Sessions as the public API shows them: not stored, but what their traces say. A session begins with its first trace and has the environment of that one. */
import { handSet } from "../../../core/exports/handed-table.ts";
import { instantBound, type Sign } from "../../../core/filters/bounds.ts";
import { narrowRelations, newestOf } from "../../../core/tables/relations.ts";
import { traces } from "../../../core/tables/traces.ts";
import type { ClickHouse } from "../client.ts";
import { countFrom } from "../plan-export.ts";
import { type AnswerBounds, assertBounded, type DocumentRows, openDocuments, type Piece } from "./answer.ts";
import { mapBytes } from "./document.ts";
import { readSettings } from "./newest.ts";
import type { PageAsked } from "./page.ts";
import { traceDocument } from "./traces.ts";

export type SessionRow = { id: string; createdAt: string; environment: string };

/** Instants are ISO 8601 with zone; a session is in the half-open window by its beginning. */
export type SessionFilter = { environments: readonly string[]; from: string | null; to: string | null };

const beginning = (name: string, sign: Sign, at: string | null): { sql: string; params: Record<string, unknown> }[] => {
  const bound = at === null ? "never" : instantBound(sign, at);
  if (bound === "never") return [];
  return [{ sql: `created_at ${bound.sign} fromUnixTimestamp64Micro({${name}:Int64}, 'UTC')`, params: { [name]: String(bound.units) } }];
};

const grouped = (
  where: string,
) => `SELECT assumeNotNull(session_id) AS id, min(timestamp) AS created_at, argMin(toString(environment), (timestamp, id)) AS environment
  FROM (SELECT id, timestamp, session_id, environment FROM ${newestOf("traces", ["timestamp", "session_id", "environment"], { column: "session_id", on: "{sessionId:String}" })}) WHERE ${where} GROUP BY session_id`;

type ReadDeps = { clickhouse: Pick<ClickHouse, "queryRows" | "openBytes"> };

/** Newest first. Reads the ids and keys of all traces of the project: a session may have begun at any time. */
export const listSessions = async (
  { clickhouse }: ReadDeps,
  { environments, from, to }: SessionFilter,
  { projectId, page, limit }: PageAsked,
): Promise<{ sessions: SessionRow[]; totalItems: number }> => {
  const conditions = [
    ...(environments.length === 0
      ? []
      : [{ sql: "environment IN (SELECT v FROM environments)", params: { environments: handSet(environments) } }]),
    ...beginning("fromUs", ">=", from),
    ...beginning("toUs", "<", to),
  ];
  const where = ["1", ...conditions.map(({ sql }) => sql)].join(" AND ");
  const params = Object.assign({ projectId }, ...conditions.map((condition) => condition.params)) as Record<string, unknown>;
  const source = `FROM (${grouped("ifNull(session_id, '') != ''")}) WHERE ${where}`;
  const [rows, [counted]] = await Promise.all([
    clickhouse.queryRows<SessionRow>({
      sql: `SELECT id, toDateTime64(created_at, 3, 'UTC') AS createdAt, environment ${source} ORDER BY created_at DESC, id DESC LIMIT ${limit} OFFSET ${(page - 1) * limit}`,
      params,
      settings: readSettings,
    }),
    clickhouse.queryRows<{ rows: string }>({ sql: `SELECT count() AS rows ${source}`, params, settings: readSettings }),
  ]);
  return { sessions: rows, totalItems: countFrom(counted?.rows) };
};

/** One session with its traces in the order of their time, or undefined. Throws ANSWER_TOO_LARGE. */
export const openSession = async (
  { clickhouse }: ReadDeps,
  projectId: string,
  sessionId: string,
  bounds: AnswerBounds,
): Promise<Piece[] | undefined> => {
  const params = { projectId, sessionId };
  const [session] = await clickhouse.queryRows<SessionRow>({
    sql: narrowRelations(
      `SELECT id, toDateTime64(created_at, 3, 'UTC') AS createdAt, environment FROM (${grouped("session_id = {sessionId:String}")})`,
      "",
    ),
    params,
    settings: readSettings,
  });
  if (session === undefined || sessionId === "") return undefined;
  const rows: DocumentRows = { table: traces, where: ["e.session_id = {sessionId:String}"], params };
  await assertBounded(clickhouse, rows, { ...bounds, bytes: `(${traces.rowBytes} + ${mapBytes("e.metadata")})` });
  const { body } = await openDocuments(clickhouse, rows, { json: traceDocument, orderBy: "e.timestamp, e.id" });
  const head = JSON.stringify({ ...session, projectId });
  return [`${head.slice(0, -1)},"traces":[`, body, "]}"];
};
