/** Finds a validation of an integration: the job that runs it, and the result kept with it. */
import { and, eq, sql } from "drizzle-orm";
import { ValidationResult, type ValidationStep } from "../../core/integrations/validation.ts";
import { isFinalState, jobState } from "../../core/jobs/state.ts";
import type { Database } from "../../db/postgres/client.ts";
import { jobs } from "../../db/postgres/schema/queue.ts";

export type Validation = {
  id: string;
  integrationId: string;
  state: "queued" | "running" | "passed" | "failed";
  steps: ValidationStep[];
  /** Why it could not be carried out. */
  error: { code: string; message: string } | null;
  createdAt: Date;
  finishedAt: Date | null;
};

/** Jobs are kept for some days; undefined afterwards. */
export const findValidation = async (
  db: Database,
  { projectId, integrationId, id }: { projectId: string; integrationId: string; id: string },
): Promise<Validation | undefined> => {
  const [job] = await db
    .select()
    .from(jobs)
    .where(
      and(
        eq(jobs.id, id),
        eq(jobs.projectId, projectId),
        eq(jobs.kind, "integration.validate"),
        eq(sql`${jobs.payload}->>'integrationId'`, integrationId),
      ),
    );
  if (job === undefined) return undefined;
  const steps = job.checkpoint === null ? [] : ValidationResult.parse(job.checkpoint).steps;
  const isPassed = job.state === jobState.completed && steps.every(({ outcome }) => outcome === "passed");
  const state = isFinalState(job.state) ? (isPassed ? "passed" : "failed") : job.state === jobState.running ? "running" : "queued";
  const error = job.lastError === null ? null : { code: job.lastError.code, message: job.lastError.message };
  return { id, integrationId, state, steps, error, createdAt: job.createdAt, finishedAt: job.finishedAt };
};
