/**
 * Body of a new batch export: its shape and limits. core/exports/parse-request.ts checks whether columns, filters and order fit the table.
 */
import { z } from "zod";
import { ExportQuery } from "../query/export-query.ts";
import { compressionNames, formatNames } from "../query/formats/index.ts";
import { embedLevelsDefault, embedLevelsMax } from "../query/formats/json-rows.ts";
import { notStorable, storable } from "../storable.ts";

const expiresAfterHoursMax = 24 * 30;

export const CreateBatchExport = z.strictObject({
  name: z.string().trim().min(1).max(200).refine(storable, notStorable).optional(),
  format: z.enum(formatNames),
  compression: z.enum(compressionNames).default("none"),
  query: ExportQuery,
  json: z
    .strictObject({
      /** Embeds text that is a JSON object or array (input, output, metadata, modelParameters…) as JSON. False keeps it as text. */
      embed: z.boolean().default(true),
      /**
       * Levels of arrays and objects an embedded document may have; a deeper one stays text. The default is what jq before 1.8 can read.
       */
      embedLevels: z.int().min(1).max(embedLevelsMax).default(embedLevelsDefault),
    })
    .optional(),
  csv: z
    .strictObject({
      /** Prefixes text cells that a spreadsheet would run as a formula with a single quote. */
      neutralizeFormulas: z.boolean().default(true),
      /** Begins each file with a byte order mark, which marks it as UTF-8 for spreadsheets. */
      bom: z.boolean().default(false),
    })
    .optional(),
  /** Starts a new file after about this many MiB of uncompressed rows; the manifest lists the files. One file by default. */
  targetFileMib: z.int().min(1).max(100_000).optional(),
  /** Mails the user of the key when the export ends and before its files are deleted. */
  notify: z.boolean().default(true),
  expiresAfterHours: z.int().min(1).max(expiresAfterHoursMax).default(24),
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .refine((m) => Object.keys(m).length <= 16, "at most 16 pairs")
    .refine((m) => Object.entries(m).flat().every(storable), notStorable)
    .optional(),
});
export type CreateBatchExport = z.infer<typeof CreateBatchExport>;

/** Options of the files besides format and compression, stored with the export for the runner. */
export const ExportOptions = z.object({
  neutralizeFormulas: z.boolean().default(true),
  embedJson: z.boolean().default(true),
  embedLevels: z.int().default(embedLevelsDefault),
  bom: z.boolean().default(false),
  targetFileMib: z.int().nullable().default(null),
  notify: z.boolean().default(true),
});
export type ExportOptions = z.infer<typeof ExportOptions>;

export const optionsOf = (request: Pick<CreateBatchExport, "csv" | "json" | "targetFileMib" | "notify">): ExportOptions => ({
  neutralizeFormulas: request.csv?.neutralizeFormulas ?? true,
  embedJson: request.json?.embed ?? true,
  embedLevels: request.json?.embedLevels ?? embedLevelsDefault,
  bom: request.csv?.bom ?? false,
  targetFileMib: request.targetFileMib ?? null,
  notify: request.notify,
});
