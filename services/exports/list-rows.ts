/** Lists a page of the rows that an export of the same query would hold, in its order. Memory: at most the bytes of the page. */
import { AppError } from "../../core/errors.ts";
import { type ExportScope, type PhysicalTables, until } from "../../core/query/build-query.ts";
import type { CompiledQuery } from "../../core/query/compile-query.ts";
import { cutColumn, cutLengths } from "../../core/query/cut-columns.ts";
import type { ExportQuery } from "../../core/query/export-query.ts";
import { externalTable } from "../../core/query/external-table.ts";
import { findingsOf } from "../../core/query/guard-columns.ts";
import { keysetOrder, PositionRow, positionOf, type RowPosition } from "../../core/query/keyset-order.ts";
import { rowObjects } from "../../core/query/row-objects.ts";
import type { SelectedColumn } from "../../core/query/selected-column.ts";
import { sql, usesOf } from "../../core/query/sql.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import type { Database } from "../../db/postgres/client.ts";
import { loadLookups } from "../../db/postgres/lookups.ts";
import { loadCommentTexts } from "../comments/list-commented-ids.ts";
import { compileForRun } from "./compile-for-run.ts";
import { findHead, type Head } from "./find-head.ts";
import { guardSlices } from "./guard-slices.ts";
import { readTextWithin } from "./read-text-within.ts";
import { withParams } from "./with-params.ts";

type RowsDeps = { db: Database; clickhouse: Pick<ClickHouse, "queryRows" | "openBytes">; physical: PhysicalTables };

export type RowPage = {
  columns: SelectedColumn[];
  /** The rows as JSON objects, separated by commas: `{"id":…,"values":{…},"cut":{…}}`. */
  rowsJson: string;
  rowCount: number;
  /** Where the last row stands; null if no row follows. */
  next: RowPosition | null;
};

export type PageAsked = {
  projectId: string;
  /** Only rows before this instant. */
  cutoff: string;
  limit: number;
  /** Where the last row of the page before stands; null for the first page. */
  after: RowPosition | null;
  /** Characters of a cell, beyond which it is cut; null cuts nothing. */
  charactersMax: number | null;
  /** Bytes of all rows. */
  bytesMax: number;
};

/**
 * Each row is there once, in its newest version, also while rows arrive. Values are written as in JSON files with `embed: false`. Throws
 * INVALID_CURSOR if no row can stand at `after`, COMMENT_FILTER_TOO_WIDE, ANSWER_TOO_LARGE, and what ClickHouse throws.
 */
export const listRows = async (deps: RowsDeps, query: ExportQuery, asked: PageAsked): Promise<RowPage> => {
  const { projectId, cutoff, limit, after } = asked;
  const noHashes = () => Promise.resolve(null);
  const compiled = await compileForRun({ ...deps, hashKeyOf: noHashes }, undefined, query, { projectId, cutoff });
  const ordered = keysetOrder(compiled);
  const behind = after === null ? [] : ordered.behind(after);
  if (behind === undefined)
    throw new AppError({ code: "INVALID_CURSOR", fields: [{ path: "cursor", message: "Not a cursor of this list." }] });
  const page: CompiledQuery = { ...ordered.compiled, conditions: [...compiled.conditions, ...[behind].flat()] };
  const { selection } = compiled;
  const scope: ExportScope = { projectId, window: until(cutoff), physical: deps.physical };
  const used = usesOf([...selection.select, ...page.conditions, page.orderBy]);
  const params = { ...selection.params, ...(await loadLookups(deps.db, projectId, used)) };
  const clickhouse = withParams(deps.clickhouse, params);
  const head = await findHead({ db: deps.db, clickhouse }, page, scope, {
    rowsMax: limit + 1,
    rowsRead: limit,
    key: ordered.position,
    ...(after === null ? {} : { from: after.at }),
  });
  const rowCount = Math.min(limit, head.ids.length);
  const last = head.ids.length > limit ? PositionRow.parse(head.rows[rowCount - 1]) : null;
  return {
    columns: selection.select,
    rowsJson: rowCount === 0 ? "" : await readRows({ ...deps, clickhouse }, compiled, head, asked),
    rowCount,
    next: last === null ? null : positionOf(last),
  };
};

const readRows = async (
  { db, clickhouse }: RowsDeps,
  { selection, table }: CompiledQuery,
  { query, ids }: Head,
  { projectId, cutoff, limit, charactersMax, bytesMax }: PageAsked,
): Promise<string> => {
  const shown = ids.slice(0, limit);
  const texts =
    selection.hasComments && table.commentObject !== null
      ? await loadCommentTexts(db, { projectId, cutoff, objectType: table.commentObject }, shown)
      : [];
  const whole = texts.length === 0 ? selection.selectWithoutComments : selection.select;
  const columns = charactersMax === null ? whole : whole.map((column) => cutColumn(column, charactersMax));
  const id = sql`toJSONString(toValidUTF8(${table.id}))`;
  const cut = charactersMax === null ? sql`'{}'` : cutLengths(whole, charactersMax);
  const commented = withParams(clickhouse, texts.length === 0 ? {} : { comment_rows: externalTable("id String, text String", texts) });
  const guard = guardSlices(
    () => columns,
    "JSONL",
    // As for an export: texts of Postgres are valid.
    (all) => (table.source.kind === "postgres" ? [] : findingsOf(all, "JSONL")),
  );
  const { body } = await guard.open(
    0,
    ({ format, list }) => {
      const { sql: text, params, settings } = query(list, shown.length);
      return commented.openBytes({
        sql: `${text} FORMAT ${format.clickhouseFormat}`,
        params,
        settings: { ...format.settings, ...settings },
        contentEncoding: null,
      });
    },
    (safe) => rowObjects(safe, { id, cut }),
  );
  const text = await readTextWithin(body, bytesMax);
  if (text === undefined)
    throw new AppError({
      code: "ANSWER_TOO_LARGE",
      message: `The rows have more than ${bytesMax} bytes. Ask for fewer rows or columns, or a smaller textMax; an export has no such limit.`,
    });
  return text;
};
