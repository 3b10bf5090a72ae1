/** Lists dead letters in pages, newest first, for operators. */
import type { Database } from "../../db/postgres/client.ts";
import { listDeadLetters } from "../../db/queue/list-dead-letters.ts";

type DeadJob = Awaited<ReturnType<typeof listDeadLetters>>[number] & { createdAt: Date };

/** `createdAt` is the instant of the page's order: when the job ended. */
export const listDeadJobs = async (
  db: Database,
  { projectId, rowsMax, after }: { projectId: string | undefined; rowsMax: number; after: { createdAt: Date; id: string } | undefined },
): Promise<DeadJob[]> => {
  const from = after === undefined ? undefined : { finishedAt: after.createdAt.toISOString(), id: after.id };
  const rows = await listDeadLetters(db, { projectId, rowsMax, after: from });
  return rows.map((row) => ({ ...row, createdAt: new Date(row.finishedAt) }));
};
