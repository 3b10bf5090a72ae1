/** The paces of the exports on the page, by id. */
import { useEffect, useState } from "react";
import type { BatchExportSummary } from "../../generated/types.gen.ts";
import { isActive } from "./export-state.ts";
import { nextPace, type Pace } from "./pace.ts";

type Seen = Pick<BatchExportSummary, "id" | "status" | "progress">;

/** `seenAtMs`: when the API said it. */
export const usePaces = (exports: readonly Seen[], seenAtMs: number): ReadonlyMap<string, Pace> => {
  const [paces, setPaces] = useState<ReadonlyMap<string, Pace>>(new Map());
  // Each answer counts once, however often it is rendered.
  useEffect(() => {
    setPaces(
      (before) =>
        new Map(
          exports
            .filter(isActive)
            .map(({ id, progress: { rows, bytes } }) => [id, nextPace(before.get(id), { atMs: seenAtMs, rows, bytes })] as const),
        ),
    );
  }, [seenAtMs]);
  return paces;
};
