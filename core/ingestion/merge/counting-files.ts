/**
 * Which files of a score count. A public key alone is in everybody's browser: it may make scores, and change those it made. So what it sent counts only where no secret key has
 * written the score, and of several public keys only that of the one that came first. Depends on the set of files alone, not on what the events say, such as their times.
 */
import { publicKeyFolderOf } from "../blob-key.ts";

export type StoredFile = {
  key: string;
  /** When it was stored the first time: texts that compare as the instants do. */
  firstStoredAt: string;
};

export const countingFiles = <File extends StoredFile>(files: readonly File[]): File[] => {
  const owner = ownerOf(files);
  return files.filter(({ key }) => publicKeyFolderOf(key) === owner);
};

/** Whether a file of this folder would count beside those that are there. */
export const mayWriteBeside = (files: readonly StoredFile[], folder: string): boolean => files.length === 0 || ownerOf(files) === folder;

/** Undefined: whoever has a secret key. */
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
