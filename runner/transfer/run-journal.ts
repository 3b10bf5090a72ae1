/**
 * Journal of a run: its plan, files and parts. A later attempt resumes from it, and the sweep uses it to remove what no attempt will
 * resume.
 * A run is identified by its job. Writes under a lost lease change nothing.
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
  /** Call before the first byte of a file is sent. Resolves to the file's id in the journal. Throws LeaseLost. */
  addFile: (file: { key: string; fileIndex: number }) => Promise<string>;
  /** Call before the first part is sent. Throws LeaseLost. */
  keepUploadId: (fileId: string, uploadId: string) => Promise<void>;
  /** Records an uploaded part without waiting. A part that cannot be recorded is uploaded again by a later attempt. */
  keepPart: (fileId: string, part: UploadedPart) => void;
  /** Resolves when the records of all parts so far are written or have failed. */
  partsKept: () => Promise<void>;
  keepFile: (fileId: string, file: ManifestFile) => Promise<void>;
  /** Takes over under this lease what earlier attempts left, in file order. */
  takeOver: () => Promise<LeftObject[]>;
  /** Marks everything this lease holds as not to be resumed; the sweep removes it. */
  discard: () => Promise<void>;
};

/** `run.bucket` is the bucket the files go to. */
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
