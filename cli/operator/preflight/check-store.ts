/** Preflight: a bucket, by what the runner does with it. Writes two probe objects and deletes them. */
import { crc32 } from "node:zlib";
import type { ValidationStep } from "../../../core/integrations/validation.ts";
import type { S3Config } from "../../../core/s3/s3-config.ts";
import { createS3Client, type S3Client, type S3Deps } from "../../../db/object-store/s3-client.ts";
import { systemClock } from "../../../runner/clock.ts";
import { probeStorage } from "../../../runner/integrations/probe-storage.ts";
import { createObjectStoreSink } from "../../../runner/transfer/sinks/object-store-sink.ts";
import { base64Crc } from "../../../runner/transfer/sinks/object-upload.ts";
import { signDownload } from "../../../services/exports/sign-download.ts";
import { type CheckResult, checkMsMax, clockResult, failed, ok, runCheck, skipped, warning } from "./check-result.ts";

export type StoreToCheck = {
  /** In the names of its checks: `exports` or `events`. */
  name: string;
  s3: S3Config;
  prefix: string;
  checksum: "crc32" | "none";
  /** How downloads are signed; null where nobody downloads. */
  downloads: { endpoint: string | null; origin: string | null } | null;
};

export type StoreDeps = { nowMs: () => number; newProbeId: () => string; credentials: S3Deps["credentials"] };

/** The smallest part that every store accepts before the last. */
const partBytes = 5 * 1024 * 1024;

export const checkStore = async (store: StoreToCheck, deps: StoreDeps): Promise<CheckResult[]> => {
  const { name, prefix, checksum } = store;
  const clock = createClockWatch(`${name} bucket: clock`, deps.nowMs);
  const s3 = createS3Client(store.s3, {
    fetch: clock.fetch,
    wait: systemClock.wait,
    random: Math.random,
    totalTimeoutMs: checkMsMax,
    ...(store.s3.accessKeyId === "" ? { credentials: deps.credentials } : {}),
  });
  const probeId = deps.newProbeId();
  const steps = await probeStorage({
    ...{ s3, prefix, checksum, probeId, signal: new AbortController().signal },
    crc32Base64: (text) => base64Crc(crc32(text)),
  });
  const results = steps.map((step) => stepResult(name, step));
  const isWritable = steps.every(({ name: step, outcome }) => step === "list" || outcome === "passed");
  return [
    ...results,
    isWritable
      ? await runCheck(`${name} bucket: multipart`, () => checkMultipart(store, s3, probeId))
      : skipped(`${name} bucket: multipart`, "An earlier step failed."),
    ...(store.downloads === null ? [] : [await checkDownload(store, store.downloads, { s3, probeId, isWritable })]),
    clock.result(),
  ];
};

const stepResult = (name: string, { name: step, outcome, code, message, help }: ValidationStep): CheckResult => {
  const check = `${name} bucket: ${step}`;
  if (outcome === "passed") return ok(check, "Done.");
  if (outcome === "skipped") return skipped(check, message ?? "");
  return failed(check, `${code}: ${message}`, help ?? "docs/errors.md explains the code.");
};

/** Two parts through the sink of exports, which verifies the size and removes everything again. */
const checkMultipart = async ({ name, prefix, checksum }: StoreToCheck, s3: S3Client, probeId: string): Promise<CheckResult> => {
  const sink = createObjectStoreSink({ s3, checksum, crc32, partSizeBytes: partBytes, partsInFlightMax: 2 });
  const key = `${prefix}spillway-validation-${probeId}.bin`;
  const upload = sink.open({
    key,
    contentType: "application/octet-stream",
    contentDisposition: "attachment",
    resumed: null,
    onStarted: async () => {},
    onPart: () => {},
    onCompleting: async () => {},
    signal: AbortSignal.timeout(checkMsMax),
  });
  try {
    upload.markSlice({ slice: 0, rows: 0 });
    await upload.write(new Uint8Array(partBytes + 1));
    await upload.finish();
  } finally {
    await sink.remove(key, null);
  }
  return ok(`${name} bucket: multipart`, "Done.");
};

type Probe = { s3: S3Client; probeId: string; isWritable: boolean };

/** Downloads a probe by a signed link, as its reader would: through the external endpoint, from a page of another origin. */
const checkDownload = (
  { name, s3: config, prefix }: StoreToCheck,
  { endpoint, origin }: NonNullable<StoreToCheck["downloads"]>,
  { s3, probeId, isWritable }: Probe,
): Promise<CheckResult> => {
  const check = `${name} bucket: download`;
  if (!isWritable) return Promise.resolve(skipped(check, "An earlier step failed."));
  return runCheck(check, async () => {
    const key = `${prefix}spillway-validation-${probeId}.csv`;
    const body = "spillway\n";
    await s3.send({ method: "PUT", key, body });
    try {
      const url = await signDownload({
        location: { ...config, endpoint: endpoint ?? config.endpoint },
        credentials: config,
        file: { key, name: "probe.csv", contentType: "text/csv" },
        seconds: 60,
      });
      const response = await fetch(url, {
        headers: { origin: origin ?? "https://spillway.invalid" },
        signal: AbortSignal.timeout(checkMsMax / 2),
      }).catch(() => null);
      const variable = endpoint === null ? "LANGFUSE_S3_BATCH_EXPORT_ENDPOINT" : "LANGFUSE_S3_BATCH_EXPORT_EXTERNAL_ENDPOINT";
      if (response === null) return failed(check, "The address of download links does not answer.", `Correct ${variable}.`);
      if (response.status !== 200 || (await response.text()) !== body)
        return failed(
          check,
          `A download link is answered with ${response.status}.`,
          `Check that ${variable} leads to the same bucket and that the key may read.`,
        );
      return response.headers.has("access-control-allow-origin")
        ? ok(check, "A signed link works, also from web pages.")
        : warning(
            check,
            "A signed link works, but web pages cannot read it with fetch().",
            "Needed only for such pages: add a CORS rule with GET for their origin to the bucket.",
          );
    } finally {
      await s3.send({ method: "DELETE", key, accept: [404] });
    }
  });
};

/** Keeps the time of the last answer. */
const createClockWatch = (check: string, nowMs: () => number) => {
  let seen: { theirsMs: number; askedMs: number; answeredMs: number } | undefined;
  const watchedFetch: S3Deps["fetch"] = async (input, init) => {
    const askedMs = nowMs();
    const response = await fetch(input, init);
    const theirsMs = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(theirsMs)) seen = { theirsMs, askedMs, answeredMs: nowMs() };
    return response;
  };
  return {
    fetch: watchedFetch,
    result: (): CheckResult => (seen === undefined ? skipped(check, "The store did not tell the time.") : clockResult(check, seen)),
  };
};
