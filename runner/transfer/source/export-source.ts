/** Stage 4, query: what an export reads from, whichever database holds the rows. */
import { AppError } from "../../../core/errors.ts";
import type { ExportOptions } from "../../../core/exports/request.ts";
import type { ExportWindow } from "../../../core/query/build-query.ts";
import type { ExportChanges } from "../../../core/query/changes.ts";
import type { CompiledQuery } from "../../../core/query/compile-query.ts";
import type { CompressionName, FormatName } from "../../../core/query/formats/index.ts";
import type { Slice } from "../../../core/query/slice.ts";
import type { ByteAnswer } from "../../../db/clickhouse/client.ts";
import type { RowSlice } from "../../../db/postgres/export-rows.ts";

type SliceAsk = {
  /** Counts from 0; part of the query id. */
  attempts: number;
  limitRows: number;
  /** Of its file: the first slice carries the header. */
  isFirst: boolean;
  /** By ClickHouse, with the compression of the export; else what comes is plain. */
  isCompressed: boolean;
};

export type SourceSlice = {
  /** Counted when planned; `bytes` is an estimate of the uncompressed rows, infinite where there is none. */
  rows: number;
  bytes: number;
  open: (ask: SliceAsk) => Promise<ByteAnswer>;
};

/** What was found when planning: kept with the job, so that a later attempt cuts the same slices. */
export type SourcePlan = {
  slices: Slice[];
  rowSlices: RowSlice[];
  rows: number;
  startUs: number | null;
  /** Versions have to be merged while reading. */
  needsFinal: boolean;
  /** Read by one query, which sees the table at one moment: rows went from slice to slice under an attempt before. */
  isWhole: boolean;
  /** When it was made, by the clock of the server that holds the rows. */
  plannedAtUs: number;
};

/** Rows went from one slice to another while they were read, so that one may be there twice or not at all. */
export class RowsRekeyed extends AppError {
  override name = "RowsRekeyed";
  constructor(detail: string) {
    super({ code: "EXPORT_COUNT_MISMATCH", detail });
  }
}

export type ExportSource = {
  plan: SourcePlan;
  /** In the order of the file; at least one, so that an empty export has its header. */
  slices: SourceSlice[];
  /** Counted when planned; an upper bound where a filter reads payloads. */
  rows: number;
  isExact: boolean;
  /** Throws RowsRekeyed unless what the slices gave together is a state of the data. `written` rows; null when a limit ended the file. */
  proveNothingRekeyed: (written: number | null) => Promise<void>;
  /** What is different in the first `rowsWritten` rows from what is stored; asked when they are written. */
  countChanges: (rowsWritten: number) => Promise<ExportChanges>;
  /** Whether the export would have more rows than this. */
  hasMoreThan: (rows: number) => Promise<boolean>;
};

export type SourceRequest = {
  compiled: CompiledQuery;
  projectId: string;
  window: ExportWindow;
  format: FormatName;
  compression: CompressionName;
  options: ExportOptions;
  /** Starts every query id. */
  queryId: string;
  signal: AbortSignal;
  /** The plan of an attempt before this one. */
  known: SourcePlan | null;
  /** Reads with one query instead of slices. */
  isWhole: boolean;
};

/**
 * Whether the rows written fit what was planned: the same, between that and what is there now, or as far off as rows were written since.
 * Every answer's own rows are proven by its reader; this is about what lies between the answers.
 */
export const isExplained = ({
  planned,
  written,
  now,
  changes,
}: {
  planned: number;
  written: number;
  now: number;
  changes: number;
}): boolean => (written >= Math.min(planned, now) && written <= Math.max(planned, now)) || Math.abs(written - planned) <= changes;
