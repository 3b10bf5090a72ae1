/** Stage 4, query: what an export reads from, whichever database holds the rows. */
import type { CompiledQuery } from "../../core/exports/compile-query.ts";
import type { ExportOptions } from "../../core/exports/request.ts";
import type { Slice } from "../../core/exports/slice.ts";
import type { CompressionName, FormatName } from "../../core/formats/index.ts";
import type { ByteAnswer } from "../../db/clickhouse/client.ts";
import type { RowSlice } from "../../db/queries/export-rows.ts";

export type SliceAsk = {
  /** Counts from 0; part of the query id. */
  tries: number;
  limitRows: number;
  /** Of its file: the first slice carries the header. */
  isFirst: boolean;
};

export type SourceSlice = {
  /** Counted when planned; `bytes` is an estimate of the uncompressed rows. */
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
};

export type ExportSource = {
  plan: SourcePlan;
  /** In the order of the file; at least one, so that an empty export has its header. */
  slices: SourceSlice[];
  /** Counted when planned; an upper bound where a filter reads payloads. */
  rows: number;
  isExact: boolean;
  /** Counts the same rows again, now. */
  count: () => Promise<number>;
  /** Whether the export would have more rows than this. */
  hasMoreThan: (rows: number) => Promise<boolean>;
};

export type SourceRequest = {
  compiled: CompiledQuery;
  projectId: string;
  cutoff: string;
  format: FormatName;
  compression: CompressionName;
  options: ExportOptions;
  /** Starts every query id. */
  queryId: string;
  signal: AbortSignal;
  /** The plan of an attempt before this one. */
  known: SourcePlan | null;
};
