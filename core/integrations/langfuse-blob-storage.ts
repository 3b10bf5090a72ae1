/**
 * Langfuse's REST shapes of a blob storage integration, and how they map to ours:
 * https://github.com/langfuse/langfuse/blob/main/fern/apis/server/definition/blob-storage-integrations.yml (read 2026-11-28).
 */
import { z } from "zod";
import { isStorableInstant, notStorableInstant, storableText } from "../storable.ts";
import type { Frequency } from "./integration.ts";
import { syncModes } from "./integration.ts";
import type { BlobStorageSettings } from "./kinds/blob-storage.ts";
import type { CreateIntegration, UpdateIntegration } from "./requests.ts";
import { fieldGroups as exportFieldGroups } from "./storage/delivered-tables.ts";

export const exportSources = ["LEGACY_TRACES_OBSERVATIONS", "LEGACY_TRACES_AND_ENRICHED_OBSERVATIONS", "OBSERVATIONS_V2"] as const;
type ExportSource = (typeof exportSources)[number];

const tablesOf: Record<ExportSource, readonly string[]> = {
  LEGACY_TRACES_OBSERVATIONS: ["traces", "observations", "scores"],
  LEGACY_TRACES_AND_ENRICHED_OBSERVATIONS: ["traces", "observations", "scores", "events"],
  OBSERVATIONS_V2: ["scores", "events"],
};

/** The name of the integration that Langfuse's route creates and changes. */
export const langfuseIntegrationName = "default";

const frequencies = ["every_20_minutes", "hourly", "daily", "weekly"] as const;

/** Text fields are checked by the settings of the kind. */
const text = storableText(2000);

export const PutBlobStorage = z
  .strictObject({
    projectId: text,
    type: z.enum(["S3", "S3_COMPATIBLE", "AZURE_BLOB_STORAGE"]).describe("AZURE_BLOB_STORAGE is refused."),
    bucketName: text,
    endpoint: text.nullish(),
    region: text,
    accessKeyId: text.nullish(),
    secretAccessKey: text.nullish().describe("If left out or empty, the stored one stays."),
    prefix: text.default(""),
    exportFrequency: z.enum(frequencies),
    enabled: z.boolean(),
    forcePathStyle: z.boolean(),
    fileType: z.enum(["JSON", "CSV", "JSONL", "PARQUET"]),
    exportMode: z.enum(syncModes),
    exportStartDate: z.iso.datetime({ offset: true }).refine(isStorableInstant, notStorableInstant).nullish(),
    compressed: z.boolean().optional().describe("True: gzip. Default when created: true. If left out later, the stored value stays."),
    exportSource: z.enum(exportSources).nullish(),
    exportFieldGroups: z.array(z.enum(exportFieldGroups)).min(1).max(exportFieldGroups.length).nullish(),
  })
  .refine(({ exportSource, exportFieldGroups: groups }) => groups == null || exportSource != null, {
    path: ["exportFieldGroups"],
    message: "goes only together with exportSource",
  });
export type PutBlobStorage = z.infer<typeof PutBlobStorage>;

const sharedFields = (put: PutBlobStorage) => ({
  enabled: put.enabled,
  mode: put.exportMode,
  settings: {
    type: put.type,
    bucketName: put.bucketName,
    endpoint: put.endpoint === "" ? null : (put.endpoint ?? null),
    region: put.region === "" ? null : put.region,
    prefix: put.prefix,
    forcePathStyle: put.forcePathStyle,
    fileType: put.fileType,
    ...(put.compressed === undefined ? {} : { compression: put.compressed ? "gzip" : "none" }),
    ...(put.exportSource == null ? {} : { exportFieldGroups: put.exportFieldGroups ?? null }),
  },
  secret: { accessKeyId: put.accessKeyId ?? null, secretAccessKey: put.secretAccessKey ?? null },
});

/** A start date of another mode is not used, as in Langfuse. */
const startDateOf = ({ exportMode, exportStartDate }: PutBlobStorage): string | null =>
  exportMode === "FROM_CUSTOM_DATE" ? (exportStartDate ?? null) : null;

export const creationOf = (put: PutBlobStorage): CreateIntegration => ({
  ...sharedFields(put),
  kind: "blob_storage",
  name: langfuseIntegrationName,
  schedule: { frequency: put.exportFrequency, cron: null, timeZone: "UTC" },
  startDate: startDateOf(put),
  endsAt: null,
  tables: [...tablesOf[put.exportSource ?? "OBSERVATIONS_V2"]],
});

/** What the shape does not name stays: file sizes, columns, key template. */
export const changeOf = (put: PutBlobStorage, stored: { timeZone: string }): UpdateIntegration => ({
  ...sharedFields(put),
  schedule: { frequency: put.exportFrequency, cron: null, timeZone: stored.timeZone },
  startDate: startDateOf(put),
  ...(put.exportSource == null ? {} : { tables: [...tablesOf[put.exportSource]] }),
});

/** Our fields by theirs: problems are reported under the names of the request. */
export const langfuseField = (path: string): string =>
  ({
    startDate: "exportStartDate",
    "schedule.frequency": "exportFrequency",
    mode: "exportMode",
    "settings.compression": "compressed",
  })[path] ?? path.replace(/^(?:settings|secret)\./, "");

/** Their names do not cover every choice of tables; the nearest one is shown. */
export const exportSourceOf = (tables: readonly string[]): ExportSource => {
  const isLegacy = tables.includes("traces") || tables.includes("observations");
  if (!tables.includes("events")) return "LEGACY_TRACES_OBSERVATIONS";
  return isLegacy ? "LEGACY_TRACES_AND_ENRICHED_OBSERVATIONS" : "OBSERVATIONS_V2";
};

/** Their frequencies, and ours that they do not have. */
export const exportFrequencies = [...frequencies, "cron"] as const satisfies readonly Frequency[];

export const groupsOf = ({ exportFieldGroups: groups }: Pick<BlobStorageSettings, "exportFieldGroups">) => groups ?? [...exportFieldGroups];
