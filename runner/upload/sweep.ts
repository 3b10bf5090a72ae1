/** Removes what attempts that did not win have left in the bucket: live multipart uploads and finished objects. */
import type { Log } from "../deps.ts";
import { removeObject } from "./object-upload.ts";
import type { S3Client } from "./s3-client.ts";

export type SweepDeps = {
  s3: S3Client;
  log: Log;
  list: (rowsMax: number) => Promise<{ id: string; bucket: string; key: string; uploadId: string | null }[]>;
  markRemoved: (id: string) => Promise<unknown>;
};

/** Returns how many objects were removed. One that cannot be removed is logged and tried again by the next sweep. */
export const sweepObjects = async ({ s3, log, list, markRemoved }: SweepDeps): Promise<number> => {
  let removed = 0;
  for (const object of await list(100)) {
    if (object.bucket !== s3.bucket) {
      log("warn", "sweep_other_bucket", { bucket: object.bucket, key: object.key });
      continue;
    }
    try {
      await removeObject(s3, object.key, object.uploadId);
      await markRemoved(object.id);
      removed++;
    } catch (error) {
      log("warn", "sweep_failed", { key: object.key, detail: String(error) });
    }
  }
  return removed;
};
