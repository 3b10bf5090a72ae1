/** A batch export in words. */
import type { BatchExport, BatchExportSummary, Estimate, Preview } from "../../../openapi/client/index.ts";
import { formatFilter } from "../filter/format-filter.ts";
import type { ApiFilter } from "../filter/type-filter.ts";
import { type Cell, type Colors, clip, formatFacts, formatTable } from "./output.ts";
import { printable } from "./printable.ts";
import { formatBytes, formatCount, formatDistance, formatSeconds } from "./quantities.ts";

export const paintStatus = (status: BatchExportSummary["status"], paint: Colors): string => {
  if (status === "COMPLETED") return paint.green(status);
  if (status === "FAILED") return paint.red(status);
  return status === "CANCELLED" ? paint.yellow(status) : paint.cyan(status);
};

export const exportHead = ["id", "status", "table", "format", "rows", "size", "created", "name"];
export const exportCells = (one: BatchExportSummary, paint: Colors, nowMs: number): Cell[] => [
  one.id,
  paintStatus(one.status, paint),
  one.tableName,
  formatOf(one),
  one.result === null ? percentOf(one) : formatCount(one.result.rows),
  one.result === null ? "" : formatBytes(one.result.bytes),
  formatDistance(one.createdAt, nowMs),
  clip(one.name),
];

const formatOf = ({ format, compression }: BatchExportSummary): string =>
  `${format.toLowerCase()}${compression === "none" ? "" : ` ${compression}`}`;
const percentOf = ({ progress: { percent } }: BatchExportSummary): string => (percent === null ? "" : `${percent} %`);

export const showExport = (one: BatchExport, paint: Colors, nowMs: number): string => {
  const { query, result, progress, error } = one;
  const facts = formatFacts(
    [
      ["id", one.id],
      ["name", clip(one.name, 200)],
      ["status", `${paintStatus(one.status, paint)}${one.isExpired ? paint.yellow(" (expired)") : ""}`],
      ["table", one.tableName],
      ["filter", filterInWords(query.filter)],
      ["search", query.searchQuery === undefined ? undefined : clip(query.searchQuery, 200)],
      ["columns", query.columns?.map(printable).join(", ")],
      ["format", formatOf(one)],
      ["stage", one.finishedAt === null ? `${progress.stage}, attempt ${progress.attempt} of ${progress.attemptsMax}` : undefined],
      ["rows", result === null ? rowsSoFar(one) : `${formatCount(result.rows)}${result.truncated ? " (cut at the row limit)" : ""}`],
      ["size", result === null ? undefined : formatBytes(result.bytes)],
      ["created", formatDistance(one.createdAt, nowMs)],
      ["took", one.startedAt === null || one.finishedAt === null ? undefined : secondsBetween(one.startedAt, one.finishedAt)],
      ["expires", one.expiresAt === null ? undefined : formatDistance(one.expiresAt, nowMs)],
      [
        "metadata",
        one.metadata === null
          ? undefined
          : Object.entries(one.metadata)
              .map(([key, value]) => printable(`${key}=${value}`))
              .join(", "),
      ],
      ["error", error === null ? undefined : paint.red(printable(`${error.message} (${error.code})`))],
      ["what to do", error === null ? undefined : printable(error.help)],
    ],
    paint,
  );
  const files = result === null ? [] : [filesTable(result.files, paint)];
  return [facts, ...files, ...one.warnings.map((warning) => `${paint.yellow("Note:")} ${printable(warning)}`)].join("\n");
};

const secondsBetween = (start: string, end: string): string => formatSeconds((Date.parse(end) - Date.parse(start)) / 1000);

const rowsSoFar = ({ progress: { rows, rowsTotal } }: BatchExport): string =>
  `${formatCount(rows)}${rowsTotal === null ? "" : ` of ${formatCount(rowsTotal)}`}`;

const filterInWords = (filter: BatchExport["query"]["filter"]): string | undefined =>
  filter === null || filter === undefined || filter.length === 0
    ? undefined
    : filter.map((one) => clip(formatFilter(one as ApiFilter), 120)).join(" and ");

const filesTable = (files: NonNullable<BatchExport["result"]>["files"], paint: Colors): string =>
  formatTable([
    ["FILE", "ROWS", "SIZE", "CRC-32"].map((title) => paint.bold(title)),
    ...files.map(({ name, rows, bytes, crc32 }) => [printable(name), formatCount(rows), formatBytes(bytes), crc32]),
  ]);

const quotaTable = (quotas: Estimate["quota"]["quotas"], paint: Colors): string =>
  formatTable([
    ["QUOTA", "COSTS", "LEFT", "OF", "RENEWED"].map((title) => paint.bold(title)),
    ...quotas.flatMap(({ name, cost, left, limit, renewsAt }) =>
      limit === null ? [] : [[name, formatCount(cost), formatCount(left ?? limit), formatCount(limit), renewsAt]],
    ),
  ]);

export const showEstimate = (estimate: Estimate, paint: Colors): string =>
  [
    formatFacts(
      [
        ["rows", `${estimate.exact ? "" : "at most "}${formatCount(estimate.rows)}`],
        ["size", `about ${formatBytes(estimate.bytes)} before compression`],
        ["queries", formatCount(estimate.slices)],
        ["row limit", formatCount(estimate.rowLimit)],
      ],
      paint,
    ),
    ...(estimate.quota.quotas.some(({ limit }) => limit !== null) ? [quotaTable(estimate.quota.quotas, paint)] : []),
    ...(estimate.quota.fits ? [] : [`${paint.yellow("Note:")} It would be refused now: it does not fit into the quotas of the project.`]),
    ...(estimate.truncated ? [`${paint.yellow("Note:")} The export would end at the row limit.`] : []),
    ...estimate.warnings.map((warning) => `${paint.yellow("Note:")} ${printable(warning)}`),
  ].join("\n");

/** The rows alone, so that they can be piped on: text as in the file, Parquet as a JSON document for each row. */
export const showPreview = ({ content, rows }: Preview): string =>
  content === null
    ? (rows ?? []).map((row) => JSON.stringify(row)).join("\n")
    : content
        .replace(/\r?\n$/, "")
        .split(/\r?\n/)
        .map(printable)
        .join("\n");

export const previewNotes = ({ warnings, estimate, rowCount }: Preview, paint: Colors): string[] => [
  paint.dim(
    `${rowCount} ${rowCount === 1 ? "row" : "rows"}${estimate === null ? "" : ` of ${estimate.exact ? "" : "at most "}${formatCount(estimate.rows)}`}.`,
  ),
  ...warnings.map((warning) => `${paint.yellow("Note:")} ${printable(warning)}`),
];
