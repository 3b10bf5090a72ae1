/**
 * Settles jobs whose outcome is their row alone in groups, so that they share a transaction and its flush to disk. Whatever ends while one
 * group is written goes into the next: groups grow with the load, and a single outcome waits for none.
 */
import { setImmediate } from "node:timers/promises";
import type { JobKind } from "../../core/jobs/kinds.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import type { Ended, Outcome, SettledState } from "../../db/queue/settle-job.ts";
import type { Clock } from "../deps.ts";
import { withAnswerTimeout } from "./polling.ts";

/** Returns the state written, or undefined if the lease is lost. Rejects if the database fails. */
export type SettleGrouped = (job: Lease & { kind: JobKind }, outcome: Outcome) => Promise<SettledState | undefined>;

type GroupDeps = {
  clock: Clock;
  /** Writes all or nothing. Returns the states written, by lease; a lease that is missing is lost. */
  settle: (ended: readonly Ended[]) => Promise<ReadonlyMap<string, SettledState>>;
};

type Waiting = { ended: Ended; resolve: (state: SettledState | undefined) => void; reject: (error: unknown) => void };

/** Outcomes in one group, so that statements stay short. */
const groupMax = 64;

/**
 * If a group fails, each of its outcomes is written by itself, so that one that the database refuses fails alone. A database that does not
 * answer within 20 s holds up no later group.
 */
export const groupSettlements = ({ clock, settle }: GroupDeps): SettleGrouped => {
  const waiting: Waiting[] = [];
  let isSettling = false;

  const settleGroup = async (group: readonly Waiting[]): Promise<void> => {
    try {
      const states = await withAnswerTimeout(clock, settle(group.map(({ ended }) => ended)));
      for (const { ended, resolve } of group) resolve(states.get(ended.leaseId));
    } catch (error) {
      const [only] = group;
      if (only !== undefined && group.length === 1) return only.reject(error);
      await Promise.all(group.map((one) => settleGroup([one])));
    }
  };

  const settleGroups = async (): Promise<void> => {
    if (isSettling) return;
    isSettling = true;
    // What ends in the same turn of the event loop belongs to the first group.
    await setImmediate();
    while (waiting.length > 0) await settleGroup(takeGroup(waiting));
    isSettling = false;
  };

  return ({ id, leaseId, kind }, outcome) =>
    new Promise((resolve, reject) => {
      waiting.push({ ended: { id, leaseId, kind, outcome }, resolve, reject });
      void settleGroups();
    });
};

/** Takes the next outcomes, but of each lease only the first: a statement that names a row twice would write either. */
const takeGroup = (waiting: Waiting[]): Waiting[] => {
  const leases = new Set<string>();
  const repeated = waiting.findIndex(({ ended: { leaseId } }) => leases.size === leases.add(leaseId).size);
  return waiting.splice(0, Math.min(groupMax, repeated === -1 ? waiting.length : repeated));
};
