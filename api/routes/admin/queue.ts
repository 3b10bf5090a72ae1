/** /api/admin/queue, /dead-letters and /jobs/{id}/retry: the state of the queue, for operators. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { exportStages } from "../../../core/exports/manifest.ts";
import { jobKindNames } from "../../../core/jobs/kinds.ts";
import { describeQueue } from "../../../services/jobs/describe-queue.ts";
import { listDeadJobs } from "../../../services/jobs/list-dead-jobs.ts";
import { retryDeadLetter } from "../../../services/jobs/retry-dead-letter.ts";
import type { App } from "../../deps.ts";
import { CursorQuery, decodeCursor, pageOf } from "../cursor.ts";
import { adminRoute } from "../declare-route.ts";
import { Id, IdParam, json } from "../describe.ts";

const kind = z.enum(jobKindNames as [string, ...string[]]).describe("What the job does.");
const instant = z.iso.datetime();

const Queue = z
  .object({
    kinds: z
      .array(
        z.object({
          kind,
          states: z.record(z.string(), z.int()).describe("Unfinished jobs by state; a state without any is missing."),
          oldestDueSeconds: z.number().describe("How long the longest waiting job has been due; 0 if none is."),
        }),
      )
      .describe("Every kind of job."),
    isComplete: z.boolean().describe("False if more than 100,000 jobs wait, which is as far as they are counted."),
    deadLetters: z.int().describe("Accepted jobs that have used up their attempts, which GET /api/admin/dead-letters lists."),
    runners: z
      .array(
        z.object({
          name: z.string().describe("Name under which the runner claims jobs."),
          running: z.int().describe("Jobs that it holds."),
          kinds: z.array(z.string()).describe("Kinds of these jobs."),
          lastSeenAt: instant.describe("Its last heartbeat for a job, or the end of its last one."),
        }),
      )
      .describe("Runners that hold jobs or ended some in the last 15 minutes, last seen first. An idle runner leaves no trace."),
    longestRunningExports: z
      .array(
        z.object({
          id: z.string().describe("Id of the export."),
          projectId: z.string().describe("Its project."),
          name: z.string().describe("Its name."),
          startedAt: instant.describe("When it first started."),
          runningSeconds: z.int().describe("Seconds since then."),
          attempt: z.int().describe("Number of the attempt."),
          lastHeartbeatAt: instant.nullable().describe("Last sign of life of its runner."),
          stage: z.enum(exportStages).nullable().describe("What it does; null before it has said so."),
          rows: z.int().describe("Rows written."),
          rowsTotal: z.int().nullable().describe("Rows to write; null while unknown."),
        }),
      )
      .describe("The 20 exports that have run longest, in all projects."),
  })
  .openapi("Queue");

const DeadLetter = z
  .object({
    id: z.string().describe("Id of the job."),
    projectId: z.string().describe("Its project."),
    kind,
    entity: z
      .string()
      .describe("What the job is about: `observation/ID`, the file of an OpenTelemetry request, or the scope of a deletion."),
    code: z.string().nullable().describe("Error code of the last attempt."),
    message: z.string().nullable().describe("Its message."),
    finishedAt: instant.describe("When the last attempt ended."),
  })
  .openapi("DeadLetter");

const queueRoute = adminRoute(
  { codes: [] },
  {
    method: "get",
    path: "/api/admin/queue",
    operationId: "adminGetQueue",
    tags: ["Administration"],
    summary: "Show the queue",
    description: "Jobs by kind and state, dead letters, runners, and the exports that have run longest, of all projects.",
    responses: { 200: json(Queue, "The queue.") },
  },
);

const deadLettersRoute = adminRoute(
  { codes: ["INVALID_CURSOR"] },
  {
    method: "get",
    path: "/api/admin/dead-letters",
    operationId: "adminListDeadLetters",
    tags: ["Administration"],
    summary: "List dead letters",
    description:
      "Jobs whose sender was told that they will be done, and which have used up their attempts. They stay until they are retried.",
    request: { query: z.strictObject({ ...CursorQuery, projectId: Id.optional().describe("Only those of this project.") }) },
    responses: {
      200: json(
        z
          .object({
            data: z.array(DeadLetter).describe("A page, newest first."),
            nextCursor: z.string().nullable().describe("Cursor of the next page; null if this is the last."),
          })
          .openapi("DeadLetterPage"),
        "A page, newest first.",
      ),
    },
  },
);

const retryRoute = adminRoute(
  { codes: ["NOT_FOUND", "JOB_NOT_RETRYABLE"] },
  {
    method: "post",
    path: "/api/admin/jobs/{id}/retry",
    operationId: "adminRetryJob",
    tags: ["Administration"],
    summary: "Retry a dead letter",
    description: "The job restarts with all its attempts. The audit log of its project says who retried it.",
    request: { params: IdParam },
    responses: { 204: { description: "It waits for a runner." } },
  },
);

export const registerAdminQueue = (app: App): void => {
  app.openapi(queueRoute, async (c) => c.json(await describeQueue(c.get("db")), 200));
  app.openapi(deadLettersRoute, async (c) => {
    const { limit, cursor, projectId } = c.req.valid("query");
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const rows = await listDeadJobs(c.get("db"), { projectId, rowsMax: limit + 1, after });
    const { page, nextCursor } = pageOf(rows, limit);
    return c.json({ data: page.map(({ createdAt: _at, ...row }) => row), nextCursor }, 200);
  });
  app.openapi(retryRoute, async (c) => {
    const author = { requestId: c.get("requestId"), operatorId: c.get("operatorId") ?? null };
    const outcome = await retryDeadLetter(c.get("db"), c.req.valid("param").id, author);
    if (outcome === "notFound") throw new AppError({ code: "NOT_FOUND", message: "There is no such job." });
    if (outcome === "notDead") throw new AppError({ code: "JOB_NOT_RETRYABLE" });
    return c.body(null, 204);
  });
};
