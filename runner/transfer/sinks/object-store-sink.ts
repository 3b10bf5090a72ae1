/** Our own bucket as a sink of files. */
import type { S3Client } from "../../../db/object-store/s3-client.ts";
import type { FileSink, FileToStore } from "./file-sink.ts";
import { type Checksum, ObjectUpload, removeObject } from "./object-upload.ts";

type ObjectStoreSinkDeps = {
  s3: S3Client;
  /** Of uploads that begin; one that goes on keeps its own. */
  partSizeBytes: number;
  partsInFlightMax: number;
  checksum: Checksum;
  /** CRC-32 continued from `seed`. */
  crc32: (bytes: Uint8Array, seed?: number) => number;
};

export const createObjectStoreSink = (deps: ObjectStoreSinkDeps): FileSink => ({
  bucket: deps.s3.bucket,
  open: (file) => new ObjectUpload({ ...deps, ...file, partSizeBytes: partSizeOf(file) ?? deps.partSizeBytes }),
  remove: (key, uploadId) => removeObject(deps.s3, key, uploadId),
});

/** Parts of one upload have one size, whatever the settings say by now: R2 refuses others. The first part of an upload is never its last, so it is full. */
const partSizeOf = ({ resumed }: FileToStore): number | undefined => resumed?.parts[0]?.endByte;
