/** What `@spillway/client/node` gives: exports as files, in Node, Bun and Deno. */
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { crc32 } from "./crc32.ts";
import type { DownloadOptions, ManifestFile } from "./download-export.ts";
import type { ExportManifest } from "./generated/types.gen.ts";
import type { SpillwayClient } from "./spillway-client.ts";
import { SpillwayError } from "./spillway-error.ts";

type FileOptions = Omit<DownloadOptions, "resumeFrom">;

/**
 * Writes a file of an export to `path`, which is complete and checked when it appears. Until then the bytes are in a file beside it that
 * ends in `.part`; a call after a failure goes on behind them. Throws CHECKSUM_MISMATCH, and what `download` throws.
 */
export const downloadToFile = async (
  client: SpillwayClient,
  id: string,
  path: string,
  options: FileOptions = {},
): Promise<ManifestFile> => {
  const part = `${path}.${id}-${options.file ?? 0}.part`;
  const resumeFrom = await startOf(part);
  try {
    const file = await writeRest(client, id, part, { ...options, resumeFrom });
    await rename(part, path);
    return file;
  } catch (error) {
    if (!(error instanceof SpillwayError) || error.code !== "CHECKSUM_MISMATCH") throw error;
    await rm(part);
    if (resumeFrom.bytes === 0) throw error;
    // What an earlier call left was of other bytes, such as those of an attempt that was repeated.
    return downloadToFile(client, id, path, options);
  }
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

const startOf = async (part: string): Promise<{ bytes: number; crc32: number }> => {
  const found = await stat(part).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  let checksum = 0;
  if (found !== undefined) for await (const chunk of createReadStream(part)) checksum = crc32(chunk as Buffer, checksum);
  return { bytes: found?.size ?? 0, crc32: checksum };
};

const writeRest = async (client: SpillwayClient, id: string, part: string, options: DownloadOptions): Promise<ManifestFile> => {
  const { stream, ...file } = await client.exports.download(id, options);
  const handle = await open(part, "a");
  try {
    const reader = stream.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) await handle.writeFile(read.value);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return file;
};
