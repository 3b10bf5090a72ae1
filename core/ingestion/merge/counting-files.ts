/**
 * Ingestion, merge: decides which files of a score count. A public key is visible in every browser, so it may create scores and change only
 * its own: its files count only if no secret key has written the score, and of several public keys only the first one's.
 * Depends on the set of files alone, not on their contents, such as event times.
 */
import { publicKeyFolderOf } from "../blob-key.ts";

type StoredFile = {
  key: string;
  /** When the file was first stored, as text that sorts like the instant. */
  firstStoredAt: string;
};

export const countingFiles = <File extends StoredFile>(files: readonly File[]): File[] => {
  const owner = ownerOf(files);
  return files.filter(({ key }) => publicKeyFolderOf(key) === owner);
};

/** Returns whether a file in this folder would count beside the existing ones. */
export const mayWriteBeside = (files: readonly StoredFile[], folder: string): boolean => files.length === 0 || ownerOf(files) === folder;

/** Undefined means a holder of a secret key. */
const ownerOf = (files: readonly StoredFile[]): string | undefined => {
  let first: StoredFile | undefined;
  for (const file of files) {
    if (publicKeyFolderOf(file.key) === undefined) return undefined;
    if (first === undefined || isBefore(file, first)) first = file;
  }
  return first && publicKeyFolderOf(first.key);
};

const isBefore = (a: StoredFile, b: StoredFile): boolean =>
  a.firstStoredAt === b.firstStoredAt ? a.key < b.key : a.firstStoredAt < b.firstStoredAt;
