/** Access pattern: number of users that a project's traces name. */
import { z } from "zod";
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import { compileTraceFilter, TraceFilter } from "../trace-filter.ts";
import { traceRelation } from "../trace-relation.ts";
import { wholeNumber } from "../trace-row.ts";

export const countUsers = (
  deps: TraceReaderDeps,
  { projectId, filter = {} }: { projectId: string; filter?: TraceFilter },
): Promise<number> =>
  answerFrom(deps, { operation: "count_users", projectId, from: filter.from ?? null }, async (source, query) => {
    const where = compileTraceFilter(TraceFilter.parse(filter));
    const [row] = await query(
      `SELECT uniqExact(user_id) AS users FROM ${traceRelation(source, { fields: [...where.fields, "user_id"], narrow: where.sql })} WHERE ${where.sql}`,
      { projectId, ...where.params },
    );
    return z.object({ users: wholeNumber }).parse(row).users;
  });
