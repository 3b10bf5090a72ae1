/** What `@spillway/client/node` gives: exports as files, in Node, Bun and Deno. */
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { crc32 } from "./crc32.ts";
import type { DownloadOptions, ManifestFile } from "./download-export.ts";
import type { ExportManifest } from "./generated/types.gen.ts";
import type { SpillwayClient } from "./spillway-client.ts";
import { SpillwayError } from "./spillway-error.ts";

type FileOptions = Omit<DownloadOptions, "resumeFrom">;

/**
 * Writes a file of an export to `path`, which is complete and checked when it appears. Until then the bytes are in a file beside it that
 * ends in `.part`; a call after a failure goes on behind them. Calls that write the same file at the same time write the same bytes to the
 * same places. Throws CHECKSUM_MISMATCH, and what `download` throws.
 */
export const downloadToFile = async (
  client: SpillwayClient,
  id: string,
  path: string,
  options: FileOptions = {},
): Promise<ManifestFile> => {
  const part = `${path}.${id}-${options.file ?? 0}.part`;
  const written = await writePart(client, id, part, options);
  if ("mismatch" in written) {
    await rm(part, { force: true });
    if (!written.isResumed) throw written.mismatch;
    // What an earlier call left was of other bytes, such as those of an attempt that was repeated.
    return downloadToFile(client, id, path, options);
  }
  try {
    await rename(part, path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    // Another call has finished the part, or has found it to be of other bytes.
    return downloadToFile(client, id, path, options);
  }
  return written.file;
};

/** Writes all files of an export and `manifest.json`, which comes last, to a folder; `spillway verify` checks it. */
export const downloadToFolder = async (
  client: SpillwayClient,
  id: string,
  folder: string,
  options: Omit<FileOptions, "file"> = {},
): Promise<ExportManifest> => {
  const manifest = await client.exports.manifest(id, options);
  const names = manifest.files.map(({ name }) => name);
  if (names.some((name) => name !== basename(name) || name === ".." || name === "manifest.json") || new Set(names).size < names.length)
    throw new SpillwayError({
      code: "UNEXPECTED_RESPONSE",
      message: `The manifest names files that cannot be in one folder: ${names.join(", ")}`,
    });
  await mkdir(folder, { recursive: true });
  for (const [file, name] of names.entries()) await downloadToFile(client, id, join(folder, name), { ...options, file });
  await writeFile(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
};

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

type Written = { file: ManifestFile } | { mismatch: SpillwayError; isResumed: boolean };

/** Reads and writes through one handle, so that what is there and what is added are of one file, whatever becomes of its name. */
const writePart = async (client: SpillwayClient, id: string, part: string, options: FileOptions): Promise<Written> => {
  // Not for appending, because another call may write the same part.
  const handle = await open(part, constants.O_RDWR | constants.O_CREAT);
  let isResumed = false;
  try {
    const resumeFrom = await beginningIn(handle);
    isResumed = resumeFrom.bytes > 0;
    return { file: await writeRest(client, id, handle, { ...options, resumeFrom }) };
  } catch (error) {
    if (error instanceof SpillwayError && error.code === "CHECKSUM_MISMATCH") return { mismatch: error, isResumed };
    // A call that got nothing, such as one for an export that is not there, leaves nothing.
    if ((await handle.stat()).size === 0) await rm(part, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
};

const readBytes = 1024 * 1024;

const beginningIn = async (handle: FileHandle): Promise<{ bytes: number; crc32: number }> => {
  const buffer = new Uint8Array(readBytes);
  let bytes = 0;
  let checksum = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, bytes);
    if (bytesRead === 0) return { bytes, crc32: checksum };
    checksum = crc32(buffer.subarray(0, bytesRead), checksum);
    bytes += bytesRead;
  }
};

const writeRest = async (
  client: SpillwayClient,
  id: string,
  handle: FileHandle,
  options: DownloadOptions & { resumeFrom: { bytes: number } },
): Promise<ManifestFile> => {
  const { stream, ...file } = await client.exports.download(id, options);
  const reader = stream.getReader();
  let at = options.resumeFrom.bytes;
  for (let read = await reader.read(); !read.done; read = await reader.read()) at += await writeAt(handle, read.value, at);
  await handle.sync();
  return file;
};

/** Returns the number of bytes, all of which are written. */
const writeAt = async (handle: FileHandle, chunk: Uint8Array, at: number): Promise<number> => {
  for (let done = 0; done < chunk.byteLength; ) done += (await handle.write(chunk, done, chunk.byteLength - done, at + done)).bytesWritten;
  return chunk.byteLength;
};
