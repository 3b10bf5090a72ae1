/** One stored file of events, with who sent it beside it: what is replayed years later has no job that could say so. */
import { z } from "zod";
import { type EventOrigin, unknownOrigin } from "../../core/ingestion/event-origin.ts";
import { readObject } from "../object-store/read-objects.ts";
import type { S3Client } from "../object-store/s3-client.ts";

const header = "x-amz-meta-origin";
/** S3 takes 2 kB of metadata in all. */
const headerLengthMax = 1500;

const StoredOrigin = z.object({ apiKey: z.string(), sdkName: z.string(), sdkVersion: z.string() });

export const putEventFile = (s3: S3Client, key: string, body: string | Uint8Array<ArrayBuffer>, origin: EventOrigin): Promise<unknown> => {
  // Well-formed, as encodeURIComponent wants it: headers of SDKs are bytes of any kind.
  const told = encodeURIComponent(JSON.stringify(origin).toWellFormed());
  return s3.send({
    method: "PUT",
    key,
    headers: { "content-type": "application/json", ...(told.length > headerLengthMax ? {} : { [header]: told }) },
    body,
    triesMax: 4,
  });
};

/** Undefined when it is not there. Of a file without a readable origin, nobody is known to have sent it. */
export const readEventFile = async (
  s3: S3Client,
  key: string,
  signal?: AbortSignal,
): Promise<{ text: string; origin: EventOrigin } | undefined> => {
  const found = await readObject(s3, key, signal);
  return found && { text: found.text, origin: parseOrigin(found.headers.get(header)) };
};

const parseOrigin = (told: string | null): EventOrigin => {
  try {
    return StoredOrigin.parse(JSON.parse(decodeURIComponent(told ?? "")));
  } catch {
    // Written by hand, or before origins were kept: no reason not to read the events.
    return unknownOrigin;
  }
};
