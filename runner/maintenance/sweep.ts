/** Removes what losing attempts left in the bucket: live multipart uploads and finished objects. */

import type { S3Client } from "../../db/object-store/s3-client.ts";
import type { Log } from "../deps.ts";
import { removeObject } from "../transfer/sinks/object-upload.ts";

type SweepDeps = {
  s3: S3Client;
  log: Log;
  /** Takes objects of this bucket that no attempt will resume. No attempt can take them over afterwards. */
  take: (rowsMax: number) => Promise<{ id: string; key: string; uploadId: string | null }[]>;
  markRemoved: (id: string) => Promise<unknown>;
};

/** Returns how many objects were removed and how many could not be. Those are logged and taken again by a later sweep. */
export const sweepObjects = async ({ s3, log, take, markRemoved }: SweepDeps): Promise<{ removed: number; failed: number }> => {
  let removed = 0;
  let failed = 0;
  for (const object of await take(100)) {
    try {
      await removeObject(s3, object.key, object.uploadId);
      await markRemoved(object.id);
      removed++;
    } catch (error) {
      failed++;
      log("warn", "sweep_failed", { key: object.key, detail: String(error) });
    }
  }
  return { removed, failed };
};
