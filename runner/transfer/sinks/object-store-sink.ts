/** Our own bucket as a file sink. */
import type { S3Client } from "../../../db/object-store/s3-client.ts";
import type { FileSink, FileToStore } from "./file-sink.ts";
import { abortUploads, type Checksum, ObjectUpload, removeObject } from "./object-upload.ts";

type ObjectStoreSinkDeps = {
  s3: S3Client;
  /** Part size of new uploads. A resumed upload keeps its own. */
  partSizeBytes: number;
  partsInFlightMax: number;
  checksum: Checksum;
  /** Files never replace an object that is there; see ObjectUpload. */
  isNewOnly?: boolean;
  /** Returns the CRC-32 continued from `seed`. */
  crc32: (bytes: Uint8Array, seed?: number) => number;
};

export const createObjectStoreSink = (deps: ObjectStoreSinkDeps): FileSink => ({
  bucket: deps.s3.bucket,
  open: (file) => new ObjectUpload({ ...deps, ...file, partSizeBytes: partSizeOf(file) ?? deps.partSizeBytes }),
  remove: (key, uploadId) => removeObject(deps.s3, key, uploadId),
  abortUploads: (key) => abortUploads(deps.s3, key),
});

/**
 * Returns the part size of a resumed upload: all its parts must have one size (R2 refuses others), even if the setting has changed. Its
 * first part is never its last, so it is full.
 */
const partSizeOf = ({ resumed }: FileToStore): number | undefined => resumed?.parts[0]?.endByte;
