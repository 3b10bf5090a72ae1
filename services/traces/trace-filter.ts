/** Trace reads: the filter of a trace list and its SQL, which is the same text for the columns of every source. All values are bound. */
import { z } from "zod";
import type { TraceField } from "./trace-relation.ts";

const names = z.array(z.string()).max(1000);

export const TraceFilter = z
  .object({
    /** Inclusive. */
    from: z.date(),
    /** Exclusive. */
    to: z.date(),
    names,
    userIds: names,
    sessionIds: names,
    environments: names,
    /** The trace must have all of them. */
    tags: names,
    version: z.string(),
    release: z.string(),
  })
  .partial();
export type TraceFilter = z.infer<typeof TraceFilter>;

type Condition = { field: TraceField; sql: string; type: string; bind: (filter: TraceFilter) => unknown };

const conditions: Record<keyof TraceFilter, Condition> = {
  from: { field: "timestamp", sql: "timestamp >= fromUnixTimestamp64Milli(?, 'UTC')", type: "Int64", bind: ({ from }) => from?.getTime() },
  to: { field: "timestamp", sql: "timestamp < fromUnixTimestamp64Milli(?, 'UTC')", type: "Int64", bind: ({ to }) => to?.getTime() },
  names: { field: "name", sql: "name IN ?", type: "Array(String)", bind: (filter) => filter.names },
  userIds: { field: "user_id", sql: "user_id IN ?", type: "Array(String)", bind: ({ userIds }) => userIds },
  sessionIds: { field: "session_id", sql: "session_id IN ?", type: "Array(String)", bind: ({ sessionIds }) => sessionIds },
  environments: { field: "environment", sql: "environment IN ?", type: "Array(String)", bind: ({ environments }) => environments },
  tags: { field: "tags", sql: "hasAll(tags, ?)", type: "Array(String)", bind: ({ tags }) => tags },
  version: { field: "version", sql: "version = ?", type: "String", bind: ({ version }) => version },
  release: { field: "release", sql: "release = ?", type: "String", bind: ({ release }) => release },
};

/** `fields` are those the condition reads. */
export type CompiledFilter = { sql: string; fields: TraceField[]; params: Record<string, unknown> };

/** An empty list matches nothing, except for tags. */
export const compileTraceFilter = (filter: TraceFilter): CompiledFilter => {
  const used = Object.entries(conditions).flatMap(([name, { field, sql, type, bind }]) => {
    const value = bind(filter);
    const param = `filter_${name}`;
    return value === undefined ? [] : [{ field, sql: sql.replace("?", `{${param}:${type}}`), param, value }];
  });
  return {
    sql: used.length === 0 ? "true" : used.map(({ sql }) => sql).join(" AND "),
    fields: used.map(({ field }) => field),
    params: Object.fromEntries(used.map(({ param, value }) => [param, value])),
  };
};
