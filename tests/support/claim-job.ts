/** Claims single jobs, and settles in groups, as the loops of a runner do. */
import type { JobKind } from "../../core/jobs/kinds.ts";
import type { Database } from "../../db/postgres/client.ts";
import { claimLimitedJobs } from "../../db/queue/claim-limited-jobs.ts";
import { claimUnlimitedJobs } from "../../db/queue/claim-unlimited-jobs.ts";
import type { ClaimedJob } from "../../db/queue/claimed-job.ts";
import { settleJobs } from "../../db/queue/settle-job.ts";
import { systemClock } from "../../runner/clock.ts";
import { groupSettlements, type SettleGrouped } from "../../runner/queue/group-settlements.ts";

type Claim = { claimedBy: string; leaseSeconds: number };

export const claimJob = async (
  db: Database,
  claim: Claim & { kinds: readonly JobKind[]; projectRunningMax: number },
): Promise<ClaimedJob | undefined> => (await claimLimitedJobs(db, { ...claim, jobsMax: 1 }))[0];

export const claimUnlimitedJob = async (
  db: Database,
  claim: Claim & { kind: JobKind; afterProjectId: string },
): Promise<ClaimedJob | undefined> => (await claimUnlimitedJobs(db, { ...claim, jobsMax: 1, projectJobsMax: 1 })).jobs[0];

export const settleGroupedOn = (db: Database): SettleGrouped =>
  groupSettlements({ clock: systemClock, settle: (ended) => settleJobs(db, ended) });
