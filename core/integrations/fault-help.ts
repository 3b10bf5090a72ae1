/** What the owner of an integration can do about a fault. The table of errors speaks to the operator where a code is about our own store. */
import { type ErrorCode, errorTable } from "../errors.ts";

const ownersHelp: Partial<Record<ErrorCode, string>> = {
  S3_UNAVAILABLE: "It is tried again. If it persists, check `settings.endpoint` and whether the store is reachable from the internet.",
  S3_ACCESS_DENIED: "Check the access key, its secret, and that its policy allows to put, get, list and delete objects under the prefix.",
  S3_BUCKET_NOT_FOUND: "Create the bucket or correct `settings.bucketName`.",
  S3_ACCOUNT_LIMIT: "Free space or raise the quota of the bucket or account; the message quotes the store.",
  S3_CHECKSUM_REFUSED: "Set `settings.checksum` to none.",
  S3_ENCRYPTION_REFUSED: "Check `settings.sse` and `settings.kmsKeyId`, the key, and the grants on it.",
  S3_WRONG_REGION: "Set `settings.region` and `settings.endpoint` as the message says.",
  S3_REJECTED: "The message quotes the store; check the settings it names.",
};

/** Returns an empty text for a code this version does not know. */
export const faultHelp = (code: string): string =>
  Object.hasOwn(errorTable, code) ? (ownersHelp[code as ErrorCode] ?? errorTable[code as ErrorCode].help) : "";
