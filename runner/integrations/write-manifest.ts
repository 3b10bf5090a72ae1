/** Writes the manifest of a delivered window, after all of its files: its presence says that the window is complete. */
import type { TableResult } from "../../core/integrations/run-result.ts";
import { manifestKey } from "../../core/integrations/storage/object-key-template.ts";
import { buildWindowManifest, encodeWindowManifest } from "../../core/integrations/storage/window-manifest.ts";
import { changesFrom } from "../../core/query/changes.ts";
import { objectUrl } from "../../core/s3/object-url.ts";
import type { S3Config } from "../../core/s3/s3-config.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import { base64Crc } from "../transfer/sinks/object-upload.ts";
import type { Delivery, IntegrationDeps } from "./integration-deps.ts";
import { type Storage, tableOf } from "./storage-tables.ts";

type ManifestStore = Storage & { s3: S3Client; store: Pick<S3Config, "endpoint" | "region" | "bucket" | "forcePathStyle"> };

/** The key depends on the window alone, and the bytes on what was delivered: writing it again changes nothing. */
export const writeManifest = async (
  { crc32 }: Pick<IntegrationDeps, "crc32">,
  { integration, run, context }: Delivery,
  { settings, compression, s3, store, checksum }: ManifestStore,
  results: Readonly<Record<string, TableResult>>,
): Promise<{ manifestKey: string; contentHash: string }> => {
  const { projectId } = integration;
  const window = { start: run.windowStart, end: run.windowEnd };
  const manifest = await buildWindowManifest({
    projectId,
    exportSource: exportSourceOf(integration.tables),
    window,
    createdAt: run.createdAt,
    runId: run.id,
    integrationId: integration.id,
    integrationName: integration.name,
    store: {
      bucket: settings.bucketName,
      url: objectUrl(store, "").href.replace(/\/*$/, "/"),
      scheme: settings.profile === "gcs" ? "gs" : "s3",
    },
    format: settings.fileType,
    compression,
    tables: Object.entries(results).map(([name, { files, changes }]) => {
      const { table, columns } = tableOf(name, settings);
      return {
        name,
        columns: columns.flatMap((column) => {
          const of = table.columns[column];
          return of === undefined ? [] : [{ name: column, ...of }];
        }),
        files: files.map((file) => ({ ...file, sha256: null })),
        changes: changes ?? changesFrom([]),
        warnings: [],
      };
    }),
  });
  const key = manifestKey({ prefix: settings.prefix, projectId, window });
  const body = new TextEncoder().encode(encodeWindowManifest(manifest));
  await context.assertHeld();
  await s3.send({
    method: "PUT",
    key,
    headers: { "content-type": "application/json", ...(checksum === "crc32" ? { "x-amz-checksum-crc32": base64Crc(crc32(body)) } : {}) },
    body,
    signal: context.signal,
  });
  return { manifestKey: key, contentHash: manifest.contentHash };
};

/** Langfuse's word for the tables. */
const exportSourceOf = (tables: readonly string[]): string => {
  const hasEvents = tables.includes("events");
  const hasLegacy = tables.includes("traces") || tables.includes("observations");
  if (hasEvents) return hasLegacy ? "TRACES_OBSERVATIONS_EVENTS" : "EVENTS";
  return "TRACES_OBSERVATIONS";
};
