/** Listing and reading what is in a bucket. */
import { AppError } from "../../core/errors.ts";
import { type S3Answer, type S3Client, tag } from "./s3-client.ts";

/** Pages of a listing at most: a million keys. */
const pagesMax = 1000;

/** Every key that begins with `prefix`, page by page, in order. Memory: the keys. */
export const listKeys = async (s3: S3Client, prefix: string, signal?: AbortSignal): Promise<string[]> => {
  const keys: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const answer = await s3.send({
      method: "GET",
      key: "",
      query: { "list-type": "2", prefix, "encoding-type": "url", ...(token === undefined ? {} : { "continuation-token": token }) },
      signal,
      triesMax: 4,
    });
    const isEncoded = tag(answer.text, "EncodingType") === "url";
    for (const [, entry = ""] of answer.text.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)) {
      const key = tag(entry, "Key") ?? "";
      keys.push(isEncoded ? decodeURIComponent(key.replaceAll("+", " ")) : key);
    }
    token = tag(answer.text, "NextContinuationToken");
    if (tag(answer.text, "IsTruncated") !== "true" || token === undefined) return keys;
  }
  throw new AppError({ code: "S3_REJECTED", message: `The store lists more than ${pagesMax} pages under one prefix.` });
};

/** An object of text; undefined when it is not there. */
export const readObject = async (s3: S3Client, key: string, signal?: AbortSignal): Promise<S3Answer | undefined> => {
  const answer = await s3.send({ method: "GET", key, accept: [404], signal, triesMax: 4, isBody: true });
  return answer.status === 404 ? undefined : answer;
};
