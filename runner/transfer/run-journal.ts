/**
 * The journal of a run: its plan, its files, and their parts as they arrive, so that a later attempt goes on behind them and the sweep removes what nobody goes on with.
 * A run is known by its job; what is written under a lease that is lost changes nothing.
 */
import type { ManifestFile } from "../../core/exports/manifest.ts";
import type { UploadedPart } from "../../core/exports/uploaded-part.ts";
import type { Database } from "../../db/postgres/client.ts";
import { describeFailure } from "../../db/postgres/failure.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import {
  discardObjects,
  type LeftObject,
  rememberFile,
  rememberObject,
  rememberPart,
  rememberPlan,
  rememberUploadId,
  takeOverObjects,
} from "../../services/exports/export-journal.ts";
import { LeaseLost, type Log } from "../deps.ts";

export type RunJournal = {
  keepPlan: (plan: unknown) => Promise<void>;
  /** Before the first byte of a file leaves. Resolves to the id of the file in the journal. Throws LeaseLost. */
  addFile: (file: { key: string; fileIndex: number }) => Promise<string>;
  /** Before its first part leaves. Throws LeaseLost. */
  keepUploadId: (fileId: string, uploadId: string) => Promise<void>;
  /** A part has arrived. Not awaited by the upload; a part that is not recorded is only sent again. */
  keepPart: (fileId: string, part: UploadedPart) => void;
  /** Resolves when every part so far is recorded. */
  partsKept: () => Promise<void>;
  keepFile: (fileId: string, file: ManifestFile) => Promise<void>;
  /** What attempts before this one have left, in order of the files, taken over under this lease. */
  takeOver: () => Promise<LeftObject[]>;
  /** Nobody goes on with what this lease holds. */
  discard: () => Promise<void>;
};

/** `run.bucket` is where the files of the run go. */
export const openRunJournal = (
  { db, log }: { db: Database; log: Log },
  lease: Lease,
  run: { exportId: string; projectId: string; bucket: string },
): RunJournal => {
  const keeping = new Set<Promise<unknown>>();
  return {
    keepPlan: async (plan) => void (await rememberPlan(db, lease, plan)),
    addFile: async (file) => {
      const { exportId: batchExportId, projectId, bucket } = run;
      const id = await rememberObject(db, lease, { batchExportId, projectId, bucket, ...file });
      if (id === undefined) throw new LeaseLost();
      return id;
    },
    keepUploadId: async (fileId, uploadId) => {
      if (!(await rememberUploadId(db, lease, fileId, uploadId))) throw new LeaseLost();
    },
    keepPart: (fileId, part) => {
      const kept: Promise<unknown> = rememberPart(db, lease, fileId, part)
        .catch((error: unknown) => log("warn", "part_not_remembered", { job_id: lease.id, detail: describeFailure(error) }))
        .finally(() => keeping.delete(kept));
      keeping.add(kept);
    },
    partsKept: async () => void (await Promise.all(keeping)),
    keepFile: async (fileId, file) => void (await rememberFile(db, lease, fileId, file)),
    takeOver: () => takeOverObjects(db, lease, run.exportId, run.bucket),
    discard: async () => void (await discardObjects(db, lease, run.exportId)),
  };
};
