/**
 * Port for file destinations: our own bucket, and other stores later. tests/conformance/file-sink.ts states the rules:
 * Nothing is visible before `finish` resolves. The same writes give the same bytes, whatever is lost and sent again. A resumed upload keeps
 * its part size. `abort` leaves nothing behind. A refusal has its own error code, such as S3_ACCESS_DENIED or S3_BUCKET_NOT_FOUND.
 */
import type { UploadedPart } from "../../../core/exports/uploaded-part.ts";

export type FileToStore = {
  /** Key of the file within the sink. */
  key: string;
  contentType: string;
  contentDisposition: string;
  /** The upload an earlier attempt left, or null to begin a new one. */
  resumed: ResumedUpload | null;
  /** Called with the upload's id before the first part is sent, and awaited, so that a crash leaves no unknown upload. */
  onStarted: (uploadId: string) => Promise<void>;
  /** Called for each part the store has accepted; not awaited. */
  onPart: (part: UploadedPart) => void;
  /** Called before the file becomes visible, and awaited. Throws if the file must not become visible. */
  onCompleting: () => Promise<void>;
  signal: AbortSignal;
};

/** An unfinished upload with its parts, in order and without gaps. */
type ResumedUpload = { uploadId: string; parts: readonly UploadedPart[] };

export type StoredFile = { key: string; bytes: number; crc32: string };

export type FileUpload = {
  /** Bytes accepted so far, including those of a resumed upload. */
  readonly bytes: number;
  readonly partSizeBytes: number;
  /** Marks that a slice begins at the next byte. The mark is recorded with the parts that follow. */
  markSlice: (start: { slice: number; rows: number }) => void;
  /** Waits while the sink is busy. The chunk may be reused once this resolves. */
  write: (chunk: Uint8Array) => Promise<void>;
  /** Waits until the parts up to this byte are stored. Does not wait for a part that is still being filled. Throws if a part failed. */
  reached: (byte: number) => Promise<void>;
  /** Sends the rest, makes the file visible and verifies its size. */
  finish: () => Promise<StoredFile>;
  /** Removes everything uploaded. Throws if the store does not confirm. */
  abort: () => Promise<void>;
  /** Ends without removing anything, so that a later attempt can resume. */
  settle: () => Promise<void>;
};

export type FileSink = {
  /** Bucket of the sink. A sink takes over only files in its own bucket. */
  bucket: string;
  /** Opens an upload; sends no request yet. */
  open: (file: FileToStore) => FileUpload;
  /** Removes the file and every upload of its key, recorded or not. Succeeds if there is nothing to remove. */
  remove: (key: string, uploadId: string | null) => Promise<void>;
  /** Removes unfinished uploads of the key, and leaves the file. Does nothing if the store cannot list them. */
  abortUploads: (key: string) => Promise<void>;
};
