/** A look at something in the database: asked rarely, however many readers collect and however often. */
import type { Clock } from "../deps.ts";

type LookDeps<Row> = {
  clock: Clock;
  measure: () => Promise<readonly Row[]>;
  /** Told of a failure. */
  onFailure: (error: unknown) => void;
};

/** Measured at most this often. */
const measureMs = 15_000;
/** What is older is not shown: the queue may be another one by now. */
const staleMs = 60_000;
/** A collection waits this long for the database; after that it shows what is known. */
const waitMs = 2000;

/** Never rejects; nothing where nothing is known. One question at a time. */
export const createLook = <Row>({ clock, measure, onFailure }: LookDeps<Row>): (() => Promise<readonly Row[]>) => {
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
    if (asking !== undefined) {
      const answered = new AbortController();
      const waited = clock.wait(waitMs, answered.signal).catch(() => {
        // Aborted below, once the answer is there.
      });
      await Promise.race([asking, waited]);
      answered.abort(new Error("answered"));
    }
    return known !== undefined && clock.steadyMs() - known.atMs < staleMs ? known.rows : [];
  };
};
