/** Ingestion: finds the one item at fault among many that are worked on together, so that it fails alone. */
import { isOutage } from "../../core/jobs/next-attempt.ts";
import { failureOf } from "../../db/postgres/failure.ts";

type Halving<Item> = {
  signal: AbortSignal;
  run: (items: readonly Item[]) => Promise<void>;
  fail: (items: readonly Item[], error: unknown) => void;
};

/**
 * Runs all items at once. After a failure, runs each half of them, until the item at fault is alone. An outage fails all of them, because
 * halves would fail the same way. Throws only the signal's reason.
 */
export const halveOnFailure = async <Item>(items: readonly Item[], halving: Halving<Item>): Promise<void> => {
  if (items.length === 0) return;
  try {
    await halving.run(items);
  } catch (error) {
    halving.signal.throwIfAborted();
    if (isOutage(failureOf(error)) || items.length === 1) {
      halving.fail(items, error);
      return;
    }
    const middle = Math.ceil(items.length / 2);
    await halveOnFailure(items.slice(0, middle), halving);
    await halveOnFailure(items.slice(middle), halving);
  }
};
