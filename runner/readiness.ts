/** Whether this runner takes work: its migrations are there, its loops claim, and it is not stopping. */
import type { Clock } from "./deps.ts";
import { type Polling, withAnswerTimeout } from "./queue/polling.ts";

/** One word for each part, never an address. `pending` names the missing migrations. */
export type ReadinessState = {
  status: "ready" | "not ready" | "draining";
  checks: { migrations: "ok" | "pending" | "unknown"; loops: "ok" | "not claiming" };
  pending: { postgres: string[]; clickhouse: string[] };
};

export type Readiness = { check: () => Promise<ReadinessState>; drain: () => void };

type ReadinessDeps = {
  clock: Clock;
  loops: readonly Pick<Polling, "isClaiming">[];
  listPending: () => Promise<{ postgres: string[]; clickhouse: string[] }>;
};

const nonePending = { postgres: [], clickhouse: [] };

/** Engines are asked until they have every migration; from then on, only the loops can make a runner unready. */
export const createReadiness = ({ clock, loops, listPending }: ReadinessDeps): Readiness => {
  let isDraining = false;
  let hasMigrations = false;
  const findPending = async () => {
    if (hasMigrations) return nonePending;
    const pending = await withAnswerTimeout(clock, listPending()).catch(() => undefined);
    if (pending === undefined) return undefined;
    hasMigrations = pending.postgres.length + pending.clickhouse.length === 0;
    return pending;
  };
  return {
    drain: () => {
      isDraining = true;
    },
    check: async () => {
      const pending = await findPending();
      const migrations = pending === undefined ? "unknown" : hasMigrations ? "ok" : "pending";
      const isClaiming = loops.every((loop) => loop.isClaiming());
      const status = isDraining ? "draining" : migrations === "ok" && isClaiming ? "ready" : "not ready";
      return { status, checks: { migrations, loops: isClaiming ? "ok" : "not claiming" }, pending: pending ?? nonePending };
    },
  };
};
