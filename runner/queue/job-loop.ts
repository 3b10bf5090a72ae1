/**
 * Stage 3, claim, and the life of a job in this process: poll, claim, hold the lease, run the handler, settle. Does not depend on the kind.
 */

import { AppError } from "../../core/errors.ts";
import { type JobKind, jobKinds } from "../../core/jobs/kinds.ts";
import { nextAttempt } from "../../core/jobs/next-attempt.ts";
import { jobState } from "../../core/jobs/state.ts";
import { inSpan, type Span, type Tracer } from "../../core/telemetry/tracer.ts";
import { describeFailure, failureOf } from "../../db/postgres/failure.ts";
import type { ClaimedJob } from "../../db/queue/claimed-job.ts";
import type { Heartbeat } from "../../db/queue/heartbeat-job.ts";
import type { Outcome } from "../../db/queue/settle-job.ts";
import type { Bus } from "../bus.ts";
import { type Clock, type Handler, JobCancelled, LeaseLost, type Log, RunnerStopping } from "../deps.ts";
import { jobFields } from "../job-fields.ts";
import { type HeldLease, holdLease, type LeaseTimes, lostLease } from "./lease.ts";
import { type Polling, type PollingConfig, startPolling } from "./polling.ts";
import type { ProjectConcurrency } from "./project-concurrency.ts";
import { settleWithRetry } from "./settle-with-retry.ts";

export type LoopConfig = PollingConfig & Omit<LeaseTimes, "maxRunSeconds">;

type LoopDeps = {
  clock: Clock;
  log: Log;
  tracer: Tracer;
  handlerOf: (kind: JobKind) => Handler;
  bus: Bus;
  random: () => number;
  claim: (jobsMax: number) => Promise<readonly ClaimedJob[]>;
  /** See `PollingDeps` in polling.ts. */
  isDue?: () => Promise<boolean>;
  /** Called when a job starts here and when it has ended, whatever its outcome. */
  perProject?: Pick<ProjectConcurrency, "began" | "ended">;
  heartbeat: (job: ClaimedJob) => Promise<Heartbeat>;
};

export const startLoop = (deps: LoopDeps, config: LoopConfig): Polling => {
  const { clock, log } = deps;

  const runJob = async (job: ClaimedJob, lease: HeldLease) => {
    const startedMs = clock.nowMs();
    const span = startAttemptSpan(deps.tracer, job);
    deps.bus.emit("job.claimed", { job });
    const handler = deps.handlerOf(job.kind);
    let outcome: Outcome = { state: jobState.completed };
    let failure: AppError | undefined;
    let isHeld = true;
    try {
      await Promise.race([handler.run({ job, signal: lease.signal, assertHeld: lease.assertHeld, span }), lostLease(lease.signal)]);
    } catch (error) {
      // After the signal has fired, other failures are consequences of its reason.
      const reason: unknown = lease.signal.aborted ? lease.signal.reason : error;
      if (reason instanceof LeaseLost) {
        span.end("lease_lost");
        log("warn", "lease_lost", jobFields(job));
        deps.bus.emit("job.leaseLost", { job });
        return;
      }
      if (reason instanceof JobCancelled) outcome = { state: jobState.cancelled };
      else if (reason instanceof RunnerStopping) outcome = { state: jobState.available };
      else {
        failure = failureOf(reason);
        const described = { code: failure.code, message: failure.message, detail: failure.detail };
        const next = nextAttempt(failure, { kind: job.kind, attempt: job.attempt, maxAttempts: job.maxAttempts, random: deps.random() });
        outcome =
          next.decision === "discard"
            ? { state: jobState.discarded, error: described }
            : { state: jobState.retryable, error: described, delaySeconds: next.delaySeconds };
      }
      const last = outcome;
      isHeld =
        (await inSpan(span, "settle", () => settleWithRetry({ clock, log }, jobFields(job), () => handler.settle(job, last)))) ?? false;
      if (!isHeld) log("warn", "lease_lost", jobFields(job));
    } finally {
      lease.release();
    }
    span.set({ "spillway.job.state": outcome.state });
    span.end(isHeld ? failure?.code : "lease_lost");
    const seconds = (clock.nowMs() - startedMs) / 1000;
    log(failure === undefined ? "info" : "warn", "job_attempt", {
      ...jobFields(job),
      kind: job.kind,
      project_id: job.projectId,
      state: outcome.state,
      seconds,
      ...(failure === undefined ? {} : { error_code: failure.code, error: failure.message, detail: failure.detail }),
    });
    if (!isHeld) deps.bus.emit("job.leaseLost", { job });
    else deps.bus.emit("job.settled", { job, state: outcome.state, seconds, ...(failure === undefined ? {} : { error: failure }) });
  };

  return startPolling(
    {
      clock,
      log,
      random: deps.random,
      isDue: deps.isDue,
      claim: deps.claim,
      start: (job) => {
        const { maxRunSeconds, timeoutCode } = jobKinds[job.kind];
        const lease = holdLease(
          {
            clock,
            log,
            heartbeat: () => deps.heartbeat(job),
            outOfTime: () =>
              new AppError({ code: timeoutCode, ...(timeoutCode === "INTERNAL" && { detail: `ran longer than ${maxRunSeconds} s` }) }),
          },
          jobFields(job),
          { ...config, maxRunSeconds },
        );
        deps.perProject?.began(job.projectId);
        const done = runJob(job, lease)
          .catch((error: unknown) => log("error", "job_crashed", { ...jobFields(job), detail: describeFailure(error) }))
          .finally(() => deps.perProject?.ended(job.projectId));
        return { done, abort: lease.abort };
      },
    },
    config,
  );
};

/** Continues the trace of the request that caused the job. */
const startAttemptSpan = (tracer: Tracer, { id, kind, projectId, attempt, requestId, traceparent }: ClaimedJob): Span =>
  tracer.start(kind, {
    kind: "consumer",
    parent: traceparent,
    attributes: {
      "spillway.job.id": id,
      "spillway.job.kind": kind,
      "spillway.job.attempt": attempt,
      "spillway.project_id": projectId,
      ...(requestId === null ? {} : { "spillway.request_id": requestId }),
    },
  });
