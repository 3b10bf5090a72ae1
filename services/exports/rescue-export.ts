/** Rescues a job whose lease has expired, with its export. */
import { sql } from "drizzle-orm";
import type { ErrorCode } from "../../core/errors.ts";
import { jobState } from "../../core/jobs/state.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { rescueJob } from "../../db/queue/rescue-job.ts";
import { recordFailure } from "../integrations/settle-run.ts";
import { giveUpLost } from "../webhooks/give-up-lost.ts";
import { followJob } from "./follow-job.ts";

const runnerLost: { code: ErrorCode; message: string } = { code: "RUNNER_LOST", message: "The runner of this export was lost." };

/** Rescues one job of any kind per call, in one transaction with its export. Returns undefined if none is left; call again until then. */
export const rescueExport = (db: Database): Promise<{ id: string; state: string } | undefined> =>
  transaction(db, async (tx) => {
    const job = await rescueJob(tx);
    if (job === undefined) return undefined;
    if (job.state === jobState.discarded) await (job.kind === "webhook.deliver" ? giveUpLost : noteLostRun)(tx, job.id);
    if (job.kind !== "export.run") return job;
    const [row] = await execute<{ id: string }>(tx, sql`select id from batch_exports where job_id = ${job.id}`);
    if (row !== undefined) await followJob(tx, row.id, { state: job.state, error: runnerLost, manifest: undefined });
    return job;
  });

/** The delivery of a window whose runner was lost at its last attempt: its owner is told as of other failures. */
const noteLostRun = async (tx: Database, jobId: string): Promise<void> => {
  const [run] = await execute<{ integrationId: string }>(
    tx,
    sql`select integration_id as "integrationId" from integration_runs where job_id = ${jobId} and state = 'running'`,
  );
  if (run === undefined) return;
  const fault = { ...runnerLost, message: "The runner that delivered the window was lost, several times.", at: new Date().toISOString() };
  await recordFailure(tx, { integrationId: run.integrationId, isOver: true, fault });
};
