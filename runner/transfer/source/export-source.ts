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
  /** Attempts before this one, from 0; part of the query id. */
  attempts: number;
  limitRows: number;
  /** True for the first slice of its file, which carries the header. */
  isFirst: boolean;
  /** True if ClickHouse compresses the bytes with the export's compression, false for plain bytes. */
  isCompressed: boolean;
};

export type SourceSlice = {
  /** `rows` is counted by the plan. `bytes` estimates the uncompressed rows and is infinite without an estimate. */
  rows: number;
  bytes: number;
  open: (ask: SliceAsk) => Promise<ByteAnswer>;
};

/** Result of planning, stored with the job so that a later attempt cuts the same slices. */
export type SourcePlan = {
  slices: Slice[];
  rowSlices: RowSlice[];
  rows: number;
  startUs: number | null;
  /** True if row versions must be merged while reading (FINAL). */
  needsFinal: boolean;
  /** True if one query reads everything and sees one snapshot. Used after rows moved between slices in an earlier pass. */
  isWhole: boolean;
  /** Time of planning in microseconds since 1970, by the clock of the server that holds the rows. */
  plannedAtUs: number;
};

/** Rows moved between slices while they were read, so a row may be missing or written twice. */
export class RowsRekeyed extends AppError {
  override name = "RowsRekeyed";
  constructor(detail: string) {
    super({ code: "EXPORT_COUNT_MISMATCH", detail });
  }
}

export type ExportSource = {
  plan: SourcePlan;
  /** In file order. At least one, so that an empty export has its header. */
  slices: SourceSlice[];
  /** Rows counted by the plan; an upper bound if a filter reads payloads. */
  rows: number;
  isExact: boolean;
  /**
   * Throws RowsRekeyed unless the slices together are one state of the data. `written` is the number of rows written, or null if a limit
   * ended the file.
   */
  proveNothingRekeyed: (written: number | null) => Promise<void>;
  /** Counts how the first `rowsWritten` rows differ from what is stored. Called after they are written. */
  countChanges: (rowsWritten: number) => Promise<ExportChanges>;
  /** Returns whether the export would have more rows than this without its limit. */
  hasMoreThan: (rows: number) => Promise<boolean>;
};

export type SourceRequest = {
  compiled: CompiledQuery;
  projectId: string;
  window: ExportWindow;
  format: FormatName;
  compression: CompressionName;
  options: ExportOptions;
  /** Prefix of every query id. */
  queryId: string;
  signal: AbortSignal;
  /** The plan of an earlier attempt. */
  known: SourcePlan | null;
  /** True to read with one query instead of slices. */
  isWhole: boolean;
};

/**
 * Returns whether the number of rows written fits the plan: it lies between the planned and the current count, or differs from the plan by
 * no more than the rows changed since. The reader verifies the rows within each response; this covers what changed between responses.
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
