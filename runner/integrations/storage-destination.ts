/**
 * Storage as a destination: each table of a window becomes files in the customer's bucket, and a manifest, written last, says that the
 * window is complete. Keys depend on the window alone, so a later attempt or delivery replaces what an earlier one wrote.
 */
import { AppError } from "../../core/errors.ts";
import type { ExportProgress } from "../../core/exports/manifest.ts";
import { ExportOptions } from "../../core/exports/request.ts";
import { BlobStorageSecret, BlobStorageSettings, storageOptions } from "../../core/integrations/kinds/blob-storage.ts";
import type { TableResult } from "../../core/integrations/run-result.ts";
import { deliveredObjectKey, langfuseTemplate } from "../../core/integrations/storage/object-key-template.ts";
import { compileTableQuery } from "../../core/query/compile-query.ts";
import { ExportQuery } from "../../core/query/export-query.ts";
import { extensionOf } from "../../core/query/formats/index.ts";
import { createS3Client } from "../../db/object-store/s3-client.ts";
import { createObjectStoreSink } from "../transfer/sinks/object-store-sink.ts";
import { openSource } from "../transfer/source/open-source.ts";
import { createFileWriter } from "../transfer/write-export-file.ts";
import { writeFiles } from "../transfer/write-files.ts";
import { createDeliveryJournal } from "./delivery-journal.ts";
import type { Destination } from "./destination.ts";
import type { Delivery, IntegrationDeps } from "./integration-deps.ts";
import { deletionsName, type Storage, tableOf } from "./storage-tables.ts";
import { writeManifest } from "./write-manifest.ts";

export const openStorage = (deps: IntegrationDeps, delivery: Delivery): Destination => {
  const { integration } = delivery;
  const settings = parseSettings(integration.settings);
  const secret = BlobStorageSecret.parse(delivery.secret);
  const { checksum, conditionalWrites, ...store } = storageOptions(settings);
  const s3 = createS3Client({ ...store, ...secret }, { fetch: deps.guardedFetch, wait: deps.clock.wait, random: deps.random });
  // Later attempts and deliveries replace what earlier ones wrote.
  const isNewOnly = conditionalWrites && !delivery.run.mayHaveWritten;
  const sink = createObjectStoreSink({ s3, checksum, isNewOnly, crc32: deps.crc32, ...deps.integrations });
  // Parquet compresses its own columns.
  const storage: Storage = { settings, sink, checksum, compression: settings.fileType === "PARQUET" ? "none" : settings.compression };
  return {
    tables: [...integration.tables, ...(settings.includeDeletions ? [deletionsName] : [])],
    deliverTable: (table) => deliverTable(deps, delivery, storage, table),
    finish: (results) => writeManifest(deps, delivery, { ...storage, s3, store }, results),
  };
};

const parseSettings = (settings: unknown): BlobStorageSettings => {
  const parsed = BlobStorageSettings.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new AppError({ code: "INTEGRATION_SETTINGS_INVALID", detail: parsed.error.message });
};

/** No window has as many rows. */
const rowLimit = 1_000_000_000_000;

/** Files are for programs: documents stay text, and no cell is changed for a spreadsheet. */
const optionsOf = ({ targetFileMib }: BlobStorageSettings) =>
  ExportOptions.parse({ targetFileMib, embedJson: false, neutralizeFormulas: false, notify: false });

const deliverTable = async (deps: IntegrationDeps, delivery: Delivery, storage: Storage, name: string): Promise<TableResult> => {
  const { integration, run, context, queryId } = delivery;
  const { settings, compression, sink } = storage;
  const { table, columns } = tableOf(name, settings);
  const options = optionsOf(settings);
  const query = ExportQuery.parse({ tableName: name, scores: "none", columns });
  const source = await openSource(deps, {
    compiled: compileTableQuery(table, query),
    projectId: integration.projectId,
    window: { axis: "writeTime", start: run.windowStart, end: run.windowEnd, hasTombstones: settings.includeDeletions },
    ...{ format: settings.fileType, compression, options },
    queryId: `${queryId}-${name}`,
    signal: context.signal,
    known: null,
    isWhole: false,
  });
  const placeOf = (file: number | null) => {
    const key = deliveredObjectKey(settings.keyTemplate ?? langfuseTemplate, {
      prefix: settings.prefix,
      projectId: integration.projectId,
      table: name,
      window: { start: run.windowStart, end: run.windowEnd },
      runId: run.id,
      file,
      extension: extensionOf(settings.fileType, compression),
    });
    return { key, name: key.slice(key.lastIndexOf("/") + 1) };
  };
  const progress: ExportProgress = { stage: "streaming", rows: 0, rowsTotal: source.rows, bytes: 0, slices: 0, slicesTotal: null };
  const journal = createDeliveryJournal(sink, { mayHaveUploads: run.mayHaveWritten, log: deps.log });
  if (source.rows === 0) {
    // An earlier attempt may have begun a file of rows that are in a later window now.
    for (const file of [null, 0]) await journal.addFile({ key: placeOf(file).key, fileIndex: 0 });
    return { rows: 0, bytes: 0, files: [], columns, sent: 0, accepted: 0, rejected: 0 };
  }
  const writer = createFileWriter({ ...deps, sink, journal }, context, {
    target: { format: settings.fileType, compression, options },
    placeOf,
    progress,
  });
  try {
    // The rows of a closed window only become fewer, so no limit has to wait for their number.
    const written = await writeFiles(writer, { ...source, isExact: true }, [], { rowLimit, targetFileMib: settings.targetFileMib });
    const changes = await source.countChanges(written.rows);
    const bytes = written.files.reduce((sum, file) => sum + file.bytes, 0);
    return { rows: written.rows, bytes, files: written.files, columns, changes, sent: written.rows, accepted: written.rows, rejected: 0 };
  } catch (error) {
    await writer.giveUp(error, `${queryId}-${name}`);
    throw error;
  }
};
