/** Columns that the analytics tables share, and the trace that generations and scores take their user, session and release from. */
import { type SqlLike, sql } from "../../query/sql.ts";
import { number, string, strings, text, timestamp } from "../../query/tables/columns.ts";
import { newestOf } from "../../query/tables/relations.ts";
import type { ExportColumn, Relation } from "../../query/tables/table.ts";

/** Empty text as null. */
const given = (value: SqlLike) => sql`nullIf(${value}, '')`;

export const optional = (value: SqlLike, description: string): ExportColumn => text(given(value), description, true);

/** A double, because analytics products know no decimals and no integers beyond 64 bits. */
export const float = (value: SqlLike, description: string, unit?: string): ExportColumn => ({
  ...number(sql`toFloat64(${value})`, description),
  ...(unit === undefined ? {} : { unit }),
});

export const secondsOf = (milliseconds: SqlLike, description: string): ExportColumn =>
  float(sql`(toFloat64(${milliseconds}) / 1000)`, description, "s");

/** Usage of exactly this kind; null where it was not counted. */
export const units = (kind: "input" | "output" | "total", description: string): ExportColumn =>
  float(`if(mapContains(e.usage_details, '${kind}'), e.usage_details['${kind}'], NULL)`, description);

export const sessionKeys = { posthog: "$posthog_session_id", mixpanel: "$mixpanel_session_id" };

type Shared = Record<"userId" | "sessionId" | "release" | "posthogSessionId" | "mixpanelSessionId", SqlLike> & { tags: SqlLike };

/** Columns of every table. `id` and `time` are those of the table, the others may be those of its trace. */
export const sharedColumns = (id: string, time: string, from: Shared): Record<string, ExportColumn> => ({
  id: string(id, "Id of the row."),
  projectId: string("e.project_id", "Id of the project."),
  timestamp: timestamp(time, "When it happened.", false),
  environment: string("e.environment", "Environment, such as production."),
  userId: optional(from.userId, "User of the trace."),
  sessionId: optional(from.sessionId, "Session of the trace."),
  release: optional(from.release, "Release of the application."),
  tags: strings(from.tags, "Tags of the trace."),
  posthogSessionId: optional(from.posthogSessionId, "Session in PostHog, from the metadata of the trace."),
  mixpanelSessionId: optional(from.mixpanelSessionId, "Session in Mixpanel, from the metadata of the trace."),
  _version: timestamp("toDateTime64(e.event_ts, 6, 'UTC')", "When this revision was written.", false),
});

/** The newest revision of the trace of a row, under the alias `trace`. */
export const traceOfRow: Relation = (among) =>
  `LEFT ANY JOIN ${newestOf(
    "traces",
    [
      "name",
      "user_id",
      "session_id",
      "tags",
      "release",
      { name: "posthog_session_id", sql: `metadata['${sessionKeys.posthog}']` },
      { name: "mixpanel_session_id", sql: `metadata['${sessionKeys.mixpanel}']` },
    ],
    { among, column: "id", on: "e.trace_id" },
  )} AS trace ON trace.id = e.trace_id`;
