/**
 * The journal of a delivery to a customer's bucket. A file that was cut off is written anew, under the same key, so nothing of it is
 * recorded; the parts that its upload left are removed first.
 */
import { describeFailure } from "../../db/postgres/failure.ts";
import type { Log } from "../deps.ts";
import type { RunJournal } from "../transfer/run-journal.ts";
import type { FileSink } from "../transfer/sinks/file-sink.ts";

/** `mayHaveUploads`: an earlier attempt may have left parts of the same keys. */
export const createDeliveryJournal = (sink: FileSink, { mayHaveUploads, log }: { mayHaveUploads: boolean; log: Log }): RunJournal => ({
  keepPlan: async () => {},
  addFile: async ({ key }) => {
    // A key that may not list its uploads can still be written; the bucket's lifecycle rule then removes what is left.
    if (mayHaveUploads)
      await sink.abortUploads(key).catch((error: unknown) => log("warn", "uploads_not_aborted", { key, detail: describeFailure(error) }));
    return key;
  },
  keepUploadId: async () => {},
  keepPart: () => {},
  partsKept: async () => {},
  keepFile: async () => {},
  takeOver: async () => [],
  discard: async () => {},
});
