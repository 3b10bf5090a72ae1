/** Shows the first rows of an export exactly as its file would hold them, without running it. Memory: at most the bytes of the preview. */
import { AppError } from "../../core/errors.ts";
import { type CreateBatchExport, optionsOf } from "../../core/exports/request.ts";
import { type ExportScope, type PhysicalTables, until } from "../../core/query/build-query.ts";
import { describeChanges } from "../../core/query/changes.ts";
import type { CompiledQuery } from "../../core/query/compile-query.ts";
import { externalTable } from "../../core/query/external-table.ts";
import { byteOrderMark } from "../../core/query/formats/csv.ts";
import type { SliceFormat } from "../../core/query/formats/file-format.ts";
import { formats } from "../../core/query/formats/index.ts";
import { findingsOf, withheldIn } from "../../core/query/guard-columns.ts";
import type { HashKeyOf } from "../../core/query/privacy/hash-key.ts";
import type { SelectedColumn } from "../../core/query/selected-column.ts";
import { usesOf } from "../../core/query/sql.ts";
import type { ByteAnswer, ClickHouse } from "../../db/clickhouse/client.ts";
import type { Database } from "../../db/postgres/client.ts";
import { loadLookups } from "../../db/postgres/lookups.ts";
import { loadCommentTexts } from "../comments/list-commented-ids.ts";
import { compileForRun } from "./compile-for-run.ts";
import { findHead, type Head } from "./find-head.ts";
import { guardSlices } from "./guard-slices.ts";
import { readTextWithin } from "./read-text-within.ts";
import { withParams } from "./with-params.ts";

type PreviewDeps = {
  db: Database;
  clickhouse: Pick<ClickHouse, "queryRows" | "openBytes">;
  physical: PhysicalTables;
  hashKeyOf: HashKeyOf;
};

export type ExportPreview = {
  /** Head of the file as text, ended as a file with these rows would end. Null for a binary format. */
  content: string | null;
  /** For a binary format, the rows as JSON objects; 64-bit integers and decimals are strings. Null for text. */
  rows: Record<string, unknown>[] | null;
  rowCount: number;
  columns: SelectedColumn[];
  warnings: string[];
};

/** A preview of larger rows holds fewer of them. */
const bytesMax = 4 * 1024 * 1024;

/**
 * `cutoff`: only rows before this instant. Throws HASHING_DISABLED, COMMENT_FILTER_TOO_WIDE, ANSWER_TOO_LARGE if a single row is larger
 * than 4 MiB, and what ClickHouse throws.
 */
export const previewExport = async (
  deps: PreviewDeps,
  request: CreateBatchExport,
  { projectId, cutoff, rowsMax }: { projectId: string; cutoff: string; rowsMax: number },
): Promise<ExportPreview> => {
  const compiled = await compileForRun(deps, undefined, request.query, { projectId, cutoff });
  const { selection, conditions } = compiled;
  const scope: ExportScope = { projectId, window: until(cutoff), physical: deps.physical };
  const params = { ...selection.params, ...(await loadLookups(deps.db, projectId, usesOf([...selection.select, ...conditions]))) };
  const clickhouse = withParams(deps.clickhouse, params);
  const head = await findHead({ db: deps.db, clickhouse }, compiled, scope, { rowsMax });
  const comments = await commentsOf(deps.db, compiled, { projectId, cutoff, ids: head.ids });
  const select = comments === null ? selection.selectWithoutComments : selection.select;
  const read = await readHead(withParams(clickhouse, comments ?? {}), { select, table: compiled.table }, request, head);
  return { ...read, columns: selection.select, warnings: [...selection.warnings, ...read.warnings] };
};

/** Loads the comments of the rows as an external table; null if there are none. */
const commentsOf = async (
  db: Database,
  { selection, table: { commentObject: objectType } }: CompiledQuery,
  { ids, ...scope }: { projectId: string; cutoff: string; ids: readonly string[] },
): Promise<Record<string, unknown> | null> => {
  if (!selection.hasComments || objectType === null || ids.length === 0) return null;
  const texts = await loadCommentTexts(db, { ...scope, objectType }, ids);
  return texts.length === 0 ? null : { comment_rows: externalTable("id String, text String", texts) };
};

const readHead = async (
  clickhouse: PreviewDeps["clickhouse"],
  { select, table }: { select: SelectedColumn[]; table: CompiledQuery["table"] },
  request: CreateBatchExport,
  { query, ids }: Head,
): Promise<Omit<ExportPreview, "columns">> => {
  const { format } = request;
  const options = optionsOf(request);
  const guard = guardSlices(
    () => select,
    format,
    // As for an export: texts of Postgres are valid, so only privacy rules can leave something to count.
    (columns) => (table.source.kind === "postgres" ? withheldIn(columns) : findingsOf(columns, format)),
  );
  const formatOf = (columns: SelectedColumn[]) => readable(formats[format].slice(columns, { isFirst: true, ...options }), format);
  const open = (limitRows: number): Promise<ByteAnswer> =>
    guard.open(
      0,
      ({ format: sliceFormat, list }) => {
        const { sql, params, settings } = query(list, limitRows);
        return clickhouse.openBytes({
          sql: `${sql} FORMAT ${sliceFormat.clickhouseFormat}`,
          params,
          settings: { ...sliceFormat.settings, ...settings },
          contentEncoding: null,
        });
      },
      formatOf,
    );
  const { text, rowCount } = await readWithin(open, ids.length);
  const changes = await guard.count(rowCount, 1, async (_index, { list, outer, limitRows }) => {
    const { sql, ...more } = query(list, limitRows);
    return (await clickhouse.queryRows<Record<string, string>>({ ...more, sql: `SELECT ${outer} FROM (${sql})` }))[0];
  });
  const { before, after } = formats[format];
  const first = format === "CSV" && options.bom ? byteOrderMark : "";
  return {
    ...(format === "PARQUET" ? { content: null, rows: parseLines(text) } : { content: `${first}${before}${text}${after}`, rows: null }),
    rowCount,
    warnings: describeChanges(changes),
  };
};

/** A binary format is shown as JSON: the same columns by the same expressions, one object per row. */
const readable = (slice: SliceFormat, format: CreateBatchExport["format"]): SliceFormat =>
  format === "PARQUET" ? { ...slice, clickhouseFormat: "JSONEachRow", settings: {} } : slice;

const parseLines = (text: string): Record<string, unknown>[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Reads the rows, or as many of them as fit. Throws ANSWER_TOO_LARGE if not even one does. */
const readWithin = async (
  open: (limitRows: number) => Promise<ByteAnswer>,
  rowsMax: number,
): Promise<{ text: string; rowCount: number }> => {
  for (let limitRows = Math.max(1, rowsMax); ; limitRows = Math.floor(limitRows / 4)) {
    if (limitRows === 0) throw new AppError({ code: "ANSWER_TOO_LARGE", message: `One row has more than ${bytesMax} bytes.` });
    const { body, rows } = await open(limitRows);
    const text = await readTextWithin(body, bytesMax);
    if (text !== undefined) return { text, rowCount: rows };
  }
};
