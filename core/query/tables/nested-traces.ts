/** Traces with their observations and scores nested: one JSON document per trace. A shape of `traces`, not a table of its own. */

import { jsonObject } from "../formats/json-rows.ts";
import { distinctKeys } from "../guard-columns.ts";
import { relation, type Sql, sql } from "../sql.ts";
import { document } from "./columns.ts";
import { observations } from "./observations.ts";
import { scores } from "./scores.ts";
import type { ExportTable, Relation } from "./table.ts";
import { traces } from "./traces.ts";

/** The traces of the slice being read, so that nothing of other traces is read. */
const tracesOfSlice = `(SELECT id FROM traces WHERE project_id = {projectId:String}
  AND timestamp >= fromUnixTimestamp64Micro({sliceStart:Int64}) AND timestamp < fromUnixTimestamp64Micro({sliceEnd:Int64}))`;

/**
 * Rows of a table by trace, as one JSON array each, in time order. Leaves out columns that need a join, because they belong to the trace.
 */
const nested = (alias: string, table: ExportTable, physical: string, traceId: string): Relation => {
  const columns = Object.entries(table.columns)
    .filter(([, { uses }]) => uses.length === 0)
    // Duplicate keys cannot be detected once rows are text, so they are removed here.
    .map(([id, column]) => ({ ...column, id, sql: column.kind.startsWith("map<") ? distinctKeys(column.sql) : column.sql }));
  return () => `LEFT JOIN (
  SELECT trace_key, concat('[', arrayStringConcat(arrayMap(x -> x.3, arraySort(x -> (x.1, x.2), groupArray((at, row_id, doc)))), ','), ']') AS docs FROM (
    SELECT ${traceId} AS trace_key, ${table.time} AS at, ${table.id} AS row_id, ${jsonObject(columns)} AS doc
    FROM ${physical} AS e FINAL WHERE e.project_id = {projectId:String} AND ${traceId} IN ${tracesOfSlice}
    ORDER BY ${table.version} DESC LIMIT 1 BY ${table.id}
  ) GROUP BY trace_key
) AS ${alias} ON ${alias}.trace_key = e.id`;
};

const orEmpty = (docs: Sql) => sql`if(${docs} = '', '[]', ${docs})`;

export const nestedTraces: ExportTable = {
  ...traces,
  columns: {
    ...traces.columns,
    observations: document(
      orEmpty(relation("nestedObservations")("docs")),
      "Observations of the trace, in the order of their time, with the columns of that table.",
    ),
    scores: document(
      orEmpty(relation("nestedScores")("docs")),
      "Scores of the trace and its observations, with the columns of that table.",
    ),
  },
  // The document contains the scores.
  scoreLevels: null,
  relations: {
    ...traces.relations,
    nestedObservations: nested("nestedObservations", observations, "observations", "e.trace_id"),
    nestedScores: nested("nestedScores", scores, "scores", "ifNull(e.trace_id, '')"),
    nestedBytes: () => `LEFT JOIN (
  SELECT trace_id, sum(input_length + output_length + 1500) AS bytes FROM observations WHERE project_id = {projectId:String} GROUP BY trace_id
) AS nestedBytes ON nestedBytes.trace_id = e.id`,
  },
  rowBytes: sql`(${traces.rowBytes} + ${relation("nestedBytes")("bytes")})`,
};
