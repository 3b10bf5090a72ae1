/** Builds the manifest of an export from what was planned and written. */

import { type ExportManifest, schemaVersion } from "../../core/exports/manifest.ts";
import type { ExportChanges } from "../../core/query/changes.ts";
import type { CompiledQuery } from "../../core/query/compile-query.ts";
import type { ExportQuery } from "../../core/query/export-query.ts";
import type { ExportToRun } from "../../services/exports/start-export.ts";
import type { ExportSource } from "./source/export-source.ts";
import type { Written } from "./write-files.ts";

type ManifestFacts = {
  target: ExportToRun;
  query: ExportQuery;
  selection: CompiledQuery["selection"];
  source: Pick<ExportSource, "plan" | "isExact" | "rows">;
  written: Written;
  changes: ExportChanges;
  rowLimit: number;
  truncated: boolean;
  attempt: number;
  /** Milliseconds since 1970. */
  startedMs: number;
  finishedMs: number;
  queryHash: string;
};

export const buildManifest = ({
  target,
  query,
  selection,
  source,
  written,
  startedMs,
  finishedMs,
  ...facts
}: ManifestFacts): ExportManifest => {
  const { changes, rowLimit, truncated, attempt, queryHash } = facts;
  return {
    version: 1,
    schemaVersion,
    exportId: target.id,
    projectId: target.projectId,
    tableName: query.tableName,
    format: target.format,
    compression: target.compression,
    columns: selection.select.map(({ id }) => id),
    scoreColumns: selection.scoreColumns,
    privacy: query.privacy,
    changes,
    warnings: selection.warnings,
    window: { start: source.plan.startUs === null ? null : isoOf(source.plan.startUs), cutoff: target.cutoff },
    queryHash,
    files: written.files,
    rows: written.rows,
    bytes: written.files.reduce((sum, file) => sum + file.bytes, 0),
    matchedRows: source.isExact ? source.rows : null,
    rowLimit,
    truncated,
    slices: written.slices,
    slicesResumed: written.slicesResumed,
    attempt,
    startedAt: new Date(startedMs).toISOString(),
    finishedAt: new Date(finishedMs).toISOString(),
    metadata: target.metadata,
  };
};

/** Converts microseconds since 1970, which are negative before it. */
const isoOf = (microseconds: number): string => {
  const milliseconds = Math.floor(microseconds / 1000);
  return new Date(milliseconds).toISOString().replace("Z", `${String(microseconds - milliseconds * 1000).padStart(3, "0")}Z`);
};
