/** Tries what deliveries need of a bucket: writes an object under the prefix, reads it back, lists and deletes it. */
import { type AppError, errorTable } from "../../core/errors.ts";
import { faultHelp } from "../../core/integrations/fault-help.ts";
import type { ValidationStep } from "../../core/integrations/validation.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import { parseXml, rootOf, textOf } from "../../db/object-store/xml.ts";
import { failureOf } from "../../db/postgres/failure.ts";

type StorageProbe = {
  s3: S3Client;
  prefix: string;
  checksum: "crc32" | "none";
  /** Names the object, so that attempts do not meet. */
  probeId: string;
  /** Base64 of the big-endian CRC-32 of a text. */
  crc32Base64: (text: string) => string;
  signal: AbortSignal;
};

const content = "Spillway wrote this object to check its access to the bucket. It may be deleted.\n";
const attemptsMax = 2;

/** Listing is tried even if writing failed. Throws the signal's reason. */
export const probeStorage = async ({ s3, prefix, checksum, probeId, crc32Base64, signal }: StorageProbe): Promise<ValidationStep[]> => {
  const key = `${prefix}spillway-validation-${probeId}.txt`;
  const attempt = async (name: ValidationStep["name"], work: () => Promise<string | undefined>): Promise<ValidationStep> => {
    try {
      const problem = await work();
      return problem === undefined
        ? passedStep(name)
        : { name, outcome: "failed", code: "UPLOAD_NOT_VERIFIED", message: problem, help: null };
    } catch (error) {
      signal.throwIfAborted();
      return failedStep(name, failureOf(error));
    }
  };
  const write = await attempt("write", async () => {
    const headers = { "content-type": "text/plain", ...(checksum === "none" ? {} : { "x-amz-checksum-crc32": crc32Base64(content) }) };
    await s3.send({ method: "PUT", key, body: content, headers, signal, attemptsMax });
    return undefined;
  });
  const isWritten = write.outcome === "passed";
  const read = isWritten
    ? await attempt("read", async () => {
        const { text } = await s3.send({ method: "GET", key, isBody: true, signal, attemptsMax });
        return text === content ? undefined : "The object that was read back differs from the one that was written.";
      })
    : skippedStep("read");
  const list = await attempt("list", async () => {
    const query = { "list-type": "2", prefix: key, "max-keys": "1" };
    const { text } = await s3.send({ method: "GET", key: "", query, signal, attemptsMax });
    const found = rootOf(parseXml(text))?.root;
    return !isWritten || textOf(found, "KeyCount") === "1" || text.includes("<Key>")
      ? undefined
      : "The list does not name the object that was written.";
  });
  const remove = isWritten
    ? await attempt("delete", async () => {
        await s3.send({ method: "DELETE", key, signal, attemptsMax });
        return undefined;
      })
    : skippedStep("delete");
  return [write, read, list, remove];
};

export const passedStep = (name: ValidationStep["name"]): ValidationStep => ({
  name,
  outcome: "passed",
  code: null,
  message: null,
  help: null,
});

const skippedStep = (name: ValidationStep["name"]): ValidationStep => ({
  name,
  outcome: "skipped",
  code: null,
  message: "An earlier step failed.",
  help: null,
});

/** Shows the message of a known failure; of an unknown one only its title. */
export const failedStep = (name: ValidationStep["name"], { code, message }: Pick<AppError, "code" | "message">): ValidationStep => ({
  name,
  outcome: "failed",
  code,
  message: message === "" ? errorTable[code].title : message,
  help: faultHelp(code),
});
