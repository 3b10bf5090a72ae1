/**
 * Event store: reads and writes one file of events, with its sender in the metadata: a replay years later has no job that could name it.
 */
import { z } from "zod";
import { type EventOrigin, unknownOrigin } from "../../core/ingestion/event-origin.ts";
import { readObject } from "../object-store/read-objects.ts";
import type { S3Client } from "../object-store/s3-client.ts";

const header = "x-amz-meta-origin";
/** S3 allows 2 kB of metadata in all. */
const headerLengthMax = 1500;

const StoredOrigin = z.object({ apiKey: z.string(), sdkName: z.string(), sdkVersion: z.string() });

export const putEventFile = (s3: S3Client, key: string, body: string | Uint8Array<ArrayBuffer>, origin: EventOrigin): Promise<unknown> => {
  // encodeURIComponent requires well-formed text, and SDK headers are arbitrary bytes.
  const encoded = encodeURIComponent(JSON.stringify(origin).toWellFormed());
  return s3.send({
    method: "PUT",
    key,
    headers: { "content-type": "application/json", ...(encoded.length > headerLengthMax ? {} : { [header]: encoded }) },
    body,
    attemptsMax: 4,
  });
};

/** Returns undefined if there is no such file. A file without a readable origin has an unknown sender. */
export const readEventFile = async (
  s3: S3Client,
  key: string,
  signal?: AbortSignal,
): Promise<{ text: string; origin: EventOrigin } | undefined> => {
  const found = await readObject(s3, key, signal);
  return found && { text: found.text, origin: parseOrigin(found.headers.get(header)) };
};

const parseOrigin = (encoded: string | null): EventOrigin => {
  try {
    return StoredOrigin.parse(JSON.parse(decodeURIComponent(encoded ?? "")));
  } catch {
    // The file was written by hand, or before origins were stored: its events are still readable.
    return unknownOrigin;
  }
};
