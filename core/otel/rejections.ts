/** OpenTelemetry: counts rejected spans by reason, and carries a reason from deep within a span to the counter. */
import type { Rejection } from "./otlp-traces.ts";

/** A fault of one span; the others continue. `message` is safe to show. */
export class SpanFault extends Error {}

export type RejectionCount = { add: (reason: string, count?: number) => void; list: () => Rejection[] };

export const createRejectionCount = (): RejectionCount => {
  const counts = new Map<string, number>();
  return {
    add: (reason, count = 1) => {
      if (count > 0) counts.set(reason, (counts.get(reason) ?? 0) + count);
    },
    list: () => [...counts].map(([reason, count]) => ({ reason, count })),
  };
};

/** Merges the lists of several steps, adding up equal reasons. */
export const sumRejections = (...lists: Rejection[][]): Rejection[] => {
  const counts = createRejectionCount();
  for (const { reason, count } of lists.flat()) counts.add(reason, count);
  return counts.list();
};
