/** Measures something in the database, rarely, however many readers collect and however often. */
import type { Clock } from "../deps.ts";
import { waitAtMost } from "../wait-at-most.ts";

type MeasurementDeps<Row> = {
  clock: Clock;
  measure: () => Promise<readonly Row[]>;
  /** Called with each failure. */
  onFailure: (error: unknown) => void;
};

/** Shortest time between two measurements. */
const measureMs = 15_000;
/** An older result is not shown, because it may be outdated. */
const staleMs = 60_000;
/** Longest wait of a collection for the database. It then returns the last result. */
const waitMs = 2000;

/** Never rejects; returns an empty list if nothing is known. Runs one query at a time. */
export const createCachedMeasurement = <Row>({ clock, measure, onFailure }: MeasurementDeps<Row>): (() => Promise<readonly Row[]>) => {
  let known: { atMs: number; rows: readonly Row[] } | undefined;
  let askedMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  const ask = async () => {
    askedMs = clock.steadyMs();
    try {
      known = { atMs: clock.steadyMs(), rows: await measure() };
    } catch (error) {
      known = undefined;
      onFailure(error);
    } finally {
      asking = undefined;
    }
  };
  return async () => {
    if (asking === undefined && clock.steadyMs() - askedMs >= measureMs) asking = ask();
    if (asking !== undefined) await waitAtMost(clock, waitMs, asking);
    return known !== undefined && clock.steadyMs() - known.atMs < staleMs ? known.rows : [];
  };
};
