/** Langfuse's representations of a blob storage integration, field for field. */
import { z } from "@hono/zod-openapi";
import { syncModes } from "../../../core/integrations/integration.ts";
import { BlobStorageSettings, storageOptions } from "../../../core/integrations/kinds/blob-storage.ts";
import { exportFrequencies, exportSourceOf, exportSources, groupsOf } from "../../../core/integrations/langfuse-blob-storage.ts";
import { integrationStatus, syncStatuses } from "../../../core/integrations/status.ts";
import { fieldGroups as exportFieldGroups } from "../../../core/integrations/storage/delivered-tables.ts";
import type { FoundIntegration } from "../../../services/integrations/find-integration.ts";
import type { IntegrationRow } from "../../../services/integrations/integration-row.ts";
import { iso } from "../iso.ts";
import type { IntegrationDeps } from "./deps.ts";
import { maskedSecret } from "./resource.ts";

const instant = z.iso.datetime();
const shared = {
  id: z.string().describe("Of the integration. Paths also take the project's id if the project has one integration of this kind."),
  projectId: z.string(),
};
const sync = {
  nextSyncAt: instant.nullable(),
  lastSyncAt: instant.nullable().describe("Everything written before is delivered. Null before the first delivery."),
  lastError: z.string().nullable(),
  lastErrorAt: instant.nullable(),
};

export const BlobStorageIntegration = z
  .strictObject({
    ...shared,
    type: z.enum(["S3", "S3_COMPATIBLE"]),
    bucketName: z.string(),
    endpoint: z.string().nullable(),
    region: z.string(),
    accessKeyId: z.string().nullable(),
    prefix: z.string(),
    exportFrequency: z.enum(exportFrequencies),
    enabled: z.boolean(),
    forcePathStyle: z.boolean(),
    fileType: z.enum(["CSV", "JSON", "JSONL", "PARQUET"]),
    exportMode: z.enum(syncModes),
    exportStartDate: instant.nullable(),
    compressed: z.boolean(),
    exportSource: z.enum(exportSources),
    exportFieldGroups: z.array(z.enum(exportFieldGroups)),
    ...sync,
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi("BlobStorageIntegration");

export const BlobStorageStatus = z
  .strictObject({ ...shared, syncStatus: z.enum(syncStatuses), enabled: z.boolean(), ...sync })
  .openapi("BlobStorageIntegrationStatus");

const showSync = (row: IntegrationRow) => ({
  nextSyncAt: iso(row.nextRunAt),
  lastSyncAt: row.lastRunAt === null ? null : iso(row.cursor),
  lastError: row.lastError?.message ?? null,
  lastErrorAt: row.lastError?.at ?? null,
});

export const showBlobStorage = async (
  deps: Pick<IntegrationDeps, "keyring">,
  row: IntegrationRow,
): Promise<z.infer<typeof BlobStorageIntegration>> => {
  const settings = BlobStorageSettings.parse(row.settings);
  return {
    id: row.id,
    projectId: row.projectId,
    type: settings.type,
    bucketName: settings.bucketName,
    endpoint: settings.endpoint,
    region: settings.region,
    accessKeyId: (await maskedSecret(deps, row))?.["accessKeyId"] ?? null,
    prefix: settings.prefix,
    exportFrequency: row.frequency,
    enabled: row.enabled,
    forcePathStyle: storageOptions(settings).forcePathStyle,
    fileType: settings.fileType,
    exportMode: row.mode,
    exportStartDate: iso(row.startsAt),
    compressed: settings.compression !== "none",
    exportSource: exportSourceOf(row.tables),
    exportFieldGroups: groupsOf(settings),
    ...showSync(row),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
};

export const showBlobStorageStatus = (row: FoundIntegration, nowMs: number): z.infer<typeof BlobStorageStatus> => ({
  id: row.id,
  projectId: row.projectId,
  syncStatus: integrationStatus(row, nowMs).syncStatus,
  enabled: row.enabled,
  ...showSync(row),
});
