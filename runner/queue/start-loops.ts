/** Starts the loops of a runner from the registry of job kinds. How a kind is claimed decides its loop. */
import { type BatchKind, type Claiming, type JobKind, jobKinds, type PooledKind } from "../../core/jobs/kinds.ts";
import type { Tracer } from "../../core/telemetry/tracer.ts";
import type { Database } from "../../db/postgres/client.ts";
import { claimBatch, heartbeatBatch } from "../../db/queue/claim-batch.ts";
import { claimKeyedJobs } from "../../db/queue/claim-keyed-jobs.ts";
import type { DueWork } from "../../db/queue/list-due-work.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import type { Bus } from "../bus.ts";
import type { Clock, Handler, Handlers, Log } from "../deps.ts";
import { startBatchLoop } from "./batch-loop.ts";
import type { LoopConfig } from "./job-loop.ts";
import { createKeyLimits } from "./key-limits.ts";
import type { Polling } from "./polling.ts";
import { startPoolLoop } from "./pool-loop.ts";
import { startLimitedLoop, startRoundRobinLoop } from "./single-job-loops.ts";

type LoopsDeps = {
  db: Database;
  clock: Clock;
  log: Log;
  bus: Bus;
  tracer: Tracer;
  random: () => number;
  handlers: Handlers;
  dueWork: () => Promise<DueWork>;
};

type LoopsConfig = Omit<LoopConfig, "concurrency"> & {
  /** Kinds this runner claims. Those without a handler are skipped. */
  kinds: readonly JobKind[];
  claimedBy: string;
  leaseSeconds: number;
  limitedPerProject: { concurrency: number; projectRunningMax: number };
  batched: { concurrency: number; jobsMax: number };
};

/** Starts one loop for all kinds limited per project, and one for each other kind, so that none waits for long exports or deletions. */
export const startLoops = (deps: LoopsDeps, config: LoopsConfig): { kinds: JobKind[]; loops: Polling[] } => {
  const { db, handlers } = deps;
  const kinds = config.kinds.filter((kind) => handlers[kind] !== null);
  const lease = { claimedBy: config.claimedBy, leaseSeconds: config.leaseSeconds };
  const isDue = (ofKinds: readonly JobKind[]) => async () => {
    const due = await deps.dueWork();
    return ofKinds.some((kind) => due.kinds.has(kind));
  };
  const limited = kinds.filter((kind) => jobKinds[kind].claiming.how === "limitedPerProject");

  const startOwn = (kind: JobKind): Polling[] => {
    const { claiming, maxRunSeconds }: { claiming: Claiming; maxRunSeconds: number } = jobKinds[kind];
    switch (claiming.how) {
      case "limitedPerProject":
        return [];
      case "roundRobin": {
        const { concurrency } = claiming;
        return [startRoundRobinLoop({ ...deps, handlerOf, isDue: isDue([kind]) }, kind, { ...config, concurrency })];
      }
      case "batchedByOrderingKey": {
        const { concurrency, jobsMax } = config.batched;
        const handler = handlers[kind as BatchKind];
        if (handler === null) return [];
        return [
          startBatchLoop(
            {
              ...deps,
              kind,
              isDue: isDue([kind]),
              emit: deps.bus.emit,
              claim: () => claimBatch(db, { ...lease, kind, jobsMax }),
              heartbeat: (leaseId) => heartbeatBatch(db, leaseId, config.leaseSeconds),
              settle: (leaseId, outcome) => settleBatch(db, leaseId, outcome),
              process: handler.process,
              repeat: handler.repeat,
            },
            { ...config, concurrency, maxRunSeconds },
          ),
        ];
      }
      case "pooledByKey": {
        const handler = handlers[kind as PooledKind];
        if (handler === null) return [];
        let afterKey = "";
        const claim = async (jobsMax: number, allowances: Record<string, number>) => {
          const batch = await claimKeyedJobs(db, { ...lease, kind: kind as PooledKind, jobsMax, allowances, afterKey });
          afterKey = batch?.jobs.at(-1)?.concurrencyKey ?? "";
          return batch;
        };
        const heartbeat = (leaseId: string) => heartbeatBatch(db, leaseId, config.leaseSeconds);
        const pooled = { ...deps, kind, handler, claim, heartbeat, isDue: isDue([kind]), emit: deps.bus.emit };
        const { concurrency } = claiming;
        return [startPoolLoop({ ...pooled, limits: createKeyLimits(claiming) }, { ...config, concurrency, maxRunSeconds })];
      }
      default:
        return claiming satisfies never;
    }
  };

  const handlerOf = (kind: JobKind): Handler => {
    const handler = handlers[kind];
    if (handler === null || !("run" in handler)) throw new Error(`no handler for single jobs of kind ${kind}`);
    return handler;
  };

  const loops = kinds.flatMap(startOwn);
  if (limited.length > 0) {
    const { concurrency, projectRunningMax } = config.limitedPerProject;
    loops.push(startLimitedLoop({ ...deps, handlerOf, isDue: isDue(limited) }, limited, { ...config, concurrency, projectRunningMax }));
  }
  return { kinds, loops };
};
