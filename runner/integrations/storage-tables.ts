/** The tables and columns that a delivery to storage has, by its settings. */
import { AppError } from "../../core/errors.ts";
import type { BlobStorageSettings } from "../../core/integrations/kinds/blob-storage.ts";
import {
  chooseDeliveredColumns,
  type DeliveredTableName,
  deletions,
  deliveredTables,
} from "../../core/integrations/storage/delivered-tables.ts";
import type { CompressionName } from "../../core/query/formats/index.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import type { FileSink } from "../transfer/sinks/file-sink.ts";
import type { Checksum } from "../transfer/sinks/object-upload.ts";

export type Storage = { settings: BlobStorageSettings; sink: FileSink; checksum: Checksum; compression: CompressionName };

/** The table of deletions, in keys and manifests. */
export const deletionsName = "deletions";

/** Throws INTEGRATION_SETTINGS_INVALID for a table that this version does not deliver. */
export const tableOf = (name: string, { columns, exportFieldGroups }: BlobStorageSettings): { table: ExportTable; columns: string[] } => {
  if (name === deletionsName) return { table: deletions, columns: Object.keys(deletions.columns) };
  if (!isDelivered(name)) throw new AppError({ code: "INTEGRATION_SETTINGS_INVALID", detail: `no table is named ${name}` });
  const delivered = deliveredTables[name];
  const choice = { groups: exportFieldGroups, columns: columns?.[name] ?? null };
  return { table: delivered.table, columns: chooseDeliveredColumns(delivered, choice) };
};

const isDelivered = (name: string): name is DeliveredTableName => Object.hasOwn(deliveredTables, name);
