/** Access pattern: traces by id in any project. Crosses tenants: for operators, never for an answer to a customer. */
import { z } from "zod";
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import { traceRelation } from "../trace-relation.ts";
import { idsMax } from "../trace-row.ts";

const TraceAndProject = z.object({ id: z.string(), projectId: z.string() });
type TraceAndProject = z.infer<typeof TraceAndProject>;

/** Sorted by id and project; at most `idsMax` ids. An id can occur in several projects. */
export const listTracesOfAnyProject = (deps: TraceReaderDeps, { traceIds }: { traceIds: readonly string[] }): Promise<TraceAndProject[]> =>
  answerFrom(deps, { operation: "list_traces_of_any_project", projectId: null, from: null }, async (source, query) => {
    const relation = traceRelation(source, { fields: [], tenant: "any", ids: "id IN {traceIds:Array(String)}" });
    const rows = await query(`SELECT id, project_id AS projectId FROM ${relation} ORDER BY id, project_id`, {
      traceIds: z.array(z.string()).max(idsMax).parse(traceIds),
    });
    return z.array(TraceAndProject).parse(rows);
  });
