/** Streams a file of an export: resumes behind the last byte after a broken connection and compares length and checksum with the manifest. Holds one chunk. */
import { crc32, crc32Hex } from "./crc32.ts";
import { downloadBatchExport } from "./generated/sdk.gen.ts";
import type { ExportManifest } from "./generated/types.gen.ts";
import type { Connection, RequestOptions } from "./send.ts";
import { SpillwayError } from "./spillway-error.ts";
import { wait } from "./wait.ts";

export type ManifestFile = ExportManifest["files"][number];

export type DownloadOptions = RequestOptions & {
  /** Number of the file in `manifest.files`. Default 0. */
  file?: number | undefined;
  /** Called for each chunk with the bytes that are there now and those of the whole file. */
  onProgress?: ((bytes: number, bytesTotal: number) => void) | undefined;
  /** The beginning that the caller has already: its length and its CRC-32. The stream gives the rest; the checksum is that of both. */
  resumeFrom?: { bytes: number; crc32: number } | undefined;
};

export type Download = ManifestFile & {
  /** Fails at the end with CHECKSUM_MISMATCH if the bytes are not those of the manifest. */
  stream: ReadableStream<Uint8Array<ArrayBuffer>>;
};

/** Broken connections in a row, without a byte in between, after which the stream fails. */
const breaksMax = 5;

/** Throws EXPORT_NOT_READY, EXPORT_EXPIRED or NOT_FOUND. The files of an export never change, so that a download can be continued any time. */
export const downloadExport = async (
  connection: Connection,
  manifest: ExportManifest,
  { file: index = 0, ...options }: DownloadOptions,
): Promise<Download> => {
  const file = manifest.files[index];
  if (file === undefined)
    throw new SpillwayError({
      code: "NOT_FOUND",
      message: `The export has ${manifest.files.length} files and none with the number ${index}.`,
      status: 404,
    });
  const chunks = verifiedChunks(connection, manifest.exportId, index, file, options);
  return {
    ...file,
    stream: new ReadableStream(
      {
        pull: async (controller) => {
          const { done, value } = await chunks.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: async () => {
          await chunks.return(undefined);
        },
      },
      { highWaterMark: 0 },
    ),
  };
};

async function* verifiedChunks(
  connection: Connection,
  id: string,
  index: number,
  file: ManifestFile,
  options: DownloadOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const { onProgress, resumeFrom = { bytes: 0, crc32: 0 }, ...request } = options;
  const { signal } = connection.settingsOf(request);
  let { bytes, crc32: checksum } = resumeFrom;
  for (let breaks = 0; bytes < file.bytes; ) {
    try {
      for await (const chunk of chunksFrom(connection, id, index, bytes, request)) {
        bytes += chunk.byteLength;
        checksum = crc32(chunk, checksum);
        breaks = 0;
        onProgress?.(bytes, file.bytes);
        yield chunk;
      }
      if (bytes < file.bytes) throw new Error(`the file ended after ${bytes} of ${file.bytes} bytes`);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof SpillwayError || ++breaks >= breaksMax) throw brokenOr(error);
      await wait(Math.random() * 250 * 2 ** breaks, signal);
    }
  }
  if (bytes !== file.bytes || crc32Hex(checksum) !== file.crc32)
    throw new SpillwayError({
      code: "CHECKSUM_MISMATCH",
      message: `${file.name} has ${bytes} bytes with CRC-32 ${crc32Hex(checksum)}; the manifest says ${file.bytes} and ${file.crc32}.`,
      help: "Download the file again.",
    });
}

/** Reads the file from an offset over one connection. Each gets a new signed URL. */
async function* chunksFrom(
  connection: Connection,
  id: string,
  index: number,
  offset: number,
  options: RequestOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const answer = (await downloadBatchExport({
    ...connection.settingsOf(options),
    path: { id },
    query: { file: index },
    parseAs: "stream",
    headers: { ...options.headers, ...(offset === 0 ? {} : { range: `bytes=${offset}-` }) },
  })) as unknown as { data: ReadableStream<Uint8Array<ArrayBuffer>> | null; response: Response };
  // A server that does not know ranges sends the whole file.
  let skip = answer.response.status === 206 ? 0 : offset;
  const reader = answer.data?.getReader();
  if (reader === undefined) return;
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const chunk = read.value.subarray(Math.min(skip, read.value.byteLength));
      skip -= read.value.byteLength - chunk.byteLength;
      if (chunk.byteLength > 0) yield chunk;
    }
  } finally {
    // Whoever stops reading ends the connection. One that broke has nothing to cancel and says so.
    await reader.cancel().catch(() => undefined);
  }
}

const brokenOr = (error: unknown): SpillwayError =>
  error instanceof SpillwayError
    ? error
    : new SpillwayError({
        code: "CONNECTION_FAILED",
        message: `The download broke off again and again: ${error instanceof Error ? error.message : String(error)}`,
        cause: error,
      });
