/** S3: lists and reads objects in a bucket. */
import type { S3Answer, S3Client } from "./s3-client.ts";
import { elementsOf, parseXml, rootOf, textOf } from "./xml.ts";

export type ListedObject = {
  key: string;
  /** The store's clock, in whole seconds. */
  modifiedMs: number;
};

/** A page holds at most a thousand keys. */
const pageKeysMax = 1000;

/** Returns the first `keysMax` objects with the prefix, after the key `after`, in order. Fewer means there are no more. */
export const listPage = async (
  s3: S3Client,
  { prefix, after, keysMax = pageKeysMax }: { prefix: string; after?: string | undefined; keysMax?: number },
  signal?: AbortSignal,
): Promise<ListedObject[]> => {
  const found: ListedObject[] = [];
  for (let token: string | undefined; ; ) {
    const from: Record<string, string> =
      token !== undefined ? { "continuation-token": token } : after !== undefined ? { "start-after": after } : {};
    const query = { "list-type": "2", prefix, "encoding-type": "url", "max-keys": String(keysMax - found.length), ...from };
    const answer = await s3.send({ method: "GET", key: "", query, signal, attemptsMax: 4 });
    const listing = rootOf(parseXml(answer.text))?.root;
    const isEncoded = textOf(listing, "EncodingType") === "url";
    for (const entry of elementsOf(listing, "Contents")) {
      const key = textOf(entry, "Key") ?? "";
      found.push({
        key: isEncoded ? decodeURIComponent(key.replaceAll("+", " ")) : key,
        modifiedMs: Date.parse(textOf(entry, "LastModified") ?? ""),
      });
    }
    token = textOf(listing, "NextContinuationToken");
    // A store may return less than was asked for.
    if (found.length >= keysMax || textOf(listing, "IsTruncated") !== "true" || token === undefined) return found;
  }
};

/** Returns every object with the prefix, in order. Memory: the keys. */
export const listObjects = async (s3: S3Client, prefix: string, signal?: AbortSignal): Promise<ListedObject[]> => {
  const found: ListedObject[] = [];
  for (;;) {
    const page = await listPage(s3, { prefix, after: found.at(-1)?.key }, signal);
    found.push(...page);
    if (page.length < pageKeysMax) return found;
  }
};

/** Reads a text object; undefined if it does not exist. */
export const readObject = async (s3: S3Client, key: string, signal?: AbortSignal): Promise<S3Answer | undefined> => {
  const answer = await s3.send({ method: "GET", key, accept: [404], signal, attemptsMax: 4, isBody: true });
  return answer.status === 404 ? undefined : answer;
};
