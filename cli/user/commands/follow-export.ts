/** Waits for an export and downloads its files, with progress. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BatchExport, BatchExportSummary, SpillwayClient } from "../../../openapi/client/index.ts";
import { downloadToFolder } from "../../../openapi/client/node.ts";
import type { Context } from "../context.ts";
import { CommandError, usageError } from "../exit-codes.ts";
import { openProgress } from "../output/progress.ts";
import { formatBytes, formatCount } from "../output/quantities.ts";
import { manifestName } from "../verify/manifest.ts";

/** Returns the completed export. Ctrl-C ends the waiting, not the export. */
export const followExport = async (
  { terminal }: Pick<Context, "terminal">,
  client: SpillwayClient,
  id: string,
  onChange: (current: BatchExportSummary) => void = () => undefined,
): Promise<BatchExport> => {
  const progress = openProgress(terminal, { format: formatCount, suffix: " rows" });
  try {
    return await client.exports.waitFor(id, {
      onProgress: (current) => {
        const { stage, rows, rowsTotal } = current.progress;
        if (current.finishedAt === null) progress.update({ label: stage, done: rows, total: rowsTotal });
        onChange(current);
      },
    });
  } catch (error) {
    if (!terminal.signal.aborted) throw error;
    throw new CommandError("interrupted", `Stopped waiting. The export ${id} goes on.`, {
      help: `Follow it with \`spillway export watch ${id}\`, or stop it with \`spillway export cancel ${id}\`.`,
    });
  } finally {
    progress.stop();
  }
};

/** Writes files and manifest to a folder, and returns their paths. What an interrupted download left is gone on with. */
export const downloadFiles = async (
  { terminal }: Pick<Context, "terminal">,
  client: SpillwayClient,
  id: string,
  folder: string,
): Promise<string[]> => {
  await assertFree(folder, id);
  const { files, bytes: total } = await client.exports.manifest(id);
  const progress = openProgress(terminal, { format: formatBytes });
  // The client tells the bytes of one file after the other.
  let earlier = 0;
  let last = { bytes: 0, bytesTotal: 0 };
  try {
    await downloadToFolder(client, id, folder, {
      onProgress: (bytes, bytesTotal) => {
        if (last.bytes === last.bytesTotal) earlier += last.bytesTotal;
        last = { bytes, bytesTotal };
        progress.update({ label: "download", done: earlier + bytes, total });
      },
    });
  } catch (error) {
    if (!terminal.signal.aborted) throw error;
    throw new CommandError("interrupted", "Stopped the download.", { help: "The same command goes on where it stopped." });
  } finally {
    progress.stop();
  }
  return [...files.map(({ name }) => join(folder, name)), join(folder, manifestName)];
};

/** Two exports in one folder would share a manifest. */
const assertFree = async (folder: string, id: string): Promise<void> => {
  let found: unknown;
  try {
    found = JSON.parse(await readFile(join(folder, manifestName), "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && "code" in error && error.code === "ENOENT")) return;
    throw error;
  }
  const other = typeof found === "object" && found !== null && "exportId" in found ? found.exportId : undefined;
  if (typeof other === "string" && other !== id)
    throw usageError(`${folder} holds the export ${other} already.`, { help: "Choose another folder with --output." });
};

/** Writes one file to stdout, checked at its end. */
export const downloadToStdout = async (
  { terminal }: Pick<Context, "terminal">,
  client: SpillwayClient,
  id: string,
  file: number | undefined,
): Promise<void> => {
  const { files } = await client.exports.manifest(id);
  if (file === undefined && files.length > 1)
    throw usageError(`The export has ${files.length} files.`, {
      help: "Name one with --file 0, or write them to a folder with --output DIR.",
    });
  const { stream } = await client.exports.download(id, { file: file ?? 0 });
  await pipeline(Readable.fromWeb(stream as never), terminal.stdout, { end: false });
};
