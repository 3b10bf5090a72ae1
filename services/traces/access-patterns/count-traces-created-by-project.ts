/**
 * Access pattern: number of traces created in an interval, by project. A trace's creation says nothing about its time, so no short-lived
 * aggregate is complete.
 */
import { z } from "zod";
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import { traceRelation } from "../trace-relation.ts";
import { idsMax, wholeNumber } from "../trace-row.ts";

const ProjectCount = z.object({ projectId: z.string(), countTraces: wholeNumber });
type ProjectCount = z.infer<typeof ProjectCount>;

/** `start` is inclusive, `end` exclusive. Omits projects without traces; sorted by project id. */
export const countTracesCreatedByProject = (
  deps: TraceReaderDeps,
  { projectIds, start, end }: { projectIds: readonly string[]; start: Date; end: Date },
): Promise<ProjectCount[]> =>
  answerFrom(deps, { operation: "count_traces_created_by_project", projectId: null, from: null }, async (source, query) => {
    const where =
      "created_at >= fromUnixTimestamp64Milli({startMs:Int64}, 'UTC') AND created_at < fromUnixTimestamp64Milli({endMs:Int64}, 'UTC')";
    const rows = await query(
      `SELECT project_id AS projectId, count() AS countTraces FROM ${traceRelation(source, { fields: ["created_at"], tenant: "listed", narrow: where })}
       WHERE ${where} GROUP BY project_id ORDER BY project_id`,
      { projectIds: z.array(z.string()).max(idsMax).parse(projectIds), startMs: start.getTime(), endMs: end.getTime() },
    );
    return z.array(ProjectCount).parse(rows);
  });
