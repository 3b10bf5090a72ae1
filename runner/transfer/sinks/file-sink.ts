/**
 * The port that files leave by: our own bucket, and other stores later. tests/conformance/file-sink.ts states what a sink owes:
 * nothing is visible before `finish` resolves; the same writes give the same bytes, whatever is lost and asked for again; an upload that goes on keeps the part size it began
 * with; `abort` leaves nothing; a store that refuses is told by code, such as S3_ACCESS_DENIED and S3_BUCKET_NOT_FOUND.
 */
import type { UploadedPart } from "../../../core/exports/uploaded-part.ts";

export type FileToStore = {
  /** Where the file is to be, within the sink. */
  key: string;
  contentType: string;
  contentDisposition: string;
  /** An upload that an attempt before this one has left; null begins a new one. */
  resumed: ResumedUpload | null;
  /** Called with the upload's id before the first part leaves, and awaited: a crash then leaves nothing unknown. */
  onStarted: (uploadId: string) => Promise<void>;
  /** Called for each part that has arrived; not awaited. */
  onPart: (part: UploadedPart) => void;
  /** Called before the file becomes visible, and awaited: throws when it must not. */
  onCompleting: () => Promise<void>;
  signal: AbortSignal;
};

/** An upload with its parts in order and without gaps. */
type ResumedUpload = { uploadId: string; parts: readonly UploadedPart[] };

export type StoredFile = { key: string; bytes: number; crc32: string };

export type FileUpload = {
  /** Bytes taken so far, those of a resumed upload included. */
  readonly bytes: number;
  readonly partSizeBytes: number;
  /** A slice begins at the next byte. Recorded with the parts that follow. */
  markSlice: (start: { slice: number; rows: number }) => void;
  /** The chunk may be reused as soon as this resolves; waits while the sink is busy. */
  write: (chunk: Uint8Array) => Promise<void>;
  /** Waits until the parts up to this byte have arrived, as far as they have left. Throws when a part has failed. */
  reached: (byte: number) => Promise<void>;
  /** Sends the rest, makes the file visible and proves its size. */
  finish: () => Promise<StoredFile>;
  /** Takes everything back. Throws when the store does not confirm. */
  abort: () => Promise<void>;
  /** Ends without removing anything, so that a later attempt can go on. */
  settle: () => Promise<void>;
};

export type FileSink = {
  /** Names the place: files of one sink are taken over by no other. */
  bucket: string;
  /** Asks the store for nothing yet. */
  open: (file: FileToStore) => FileUpload;
  /** Removes the file and every upload of its key, known or not. Nothing to remove counts as removed. */
  remove: (key: string, uploadId: string | null) => Promise<void>;
};
