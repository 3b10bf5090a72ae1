/** Columns of a file: selected and ordered by the request, with scores and comments, and with private data removed. */

import type { FieldError } from "../errors.ts";
import { storableForm } from "../storable.ts";
import type { ExportQuery } from "./export-query.ts";
import { jsonNumber } from "./formats/json-rows.ts";
import { applyPrivacy } from "./privacy/apply-privacy.ts";
import type { Bind } from "./privacy/privacy.ts";
import { nameScoreColumns, type ScoreName } from "./score-columns.ts";
import type { SelectedColumn } from "./selected-column.ts";
import { type Expression, joinSql, type RelationColumn, relation, type SqlLike, sql } from "./sql.ts";
import { concatenated, itemsOf } from "./tables/relations.ts";
import type { ExportColumn, ExportTable } from "./tables/table.ts";

/** Score names with a column each, and how many have none: their scores are nested in one column. */
export type ScoreNames = { columns: readonly ScoreName[]; nested: number };

/** Most readers handle no more columns well, nor does the server with SQL for each. */
export const scoreColumnsMax = 1000;
/** Most readers refuse or cut longer column names (BigQuery allows 300 characters). */
export const scoreColumnCharactersMax = 256;

export const commentsColumn: ExportColumn = {
  kind: "document",
  nullable: false,
  sql: "",
  uses: [],
  description: "Comments, oldest first: id, content, authorEmail, createdAt.",
};

/** Alias of the external table comment_rows, which has the ids and JSON of a slice's comments. */
export const commentRows = "commentRows";
/** A slice without comments is not joined, because a join copies every row, including large payloads. */
type CommentText = SqlLike;
const joinedComments: CommentText = relation(commentRows)("text");
const noComments: CommentText = "''";
const orNone = (text: CommentText) => sql`if(${text} = '', '[]', ${text})`;

const scoresColumn = ({ sql: items, uses }: Expression): ExportColumn => ({
  uses,
  kind: "document",
  nullable: false,
  sql: `concat('[', arrayStringConcat(arrayMap(s -> concat('{"name":', toJSONString(s.1), ',"dataType":', toJSONString(s.2), ',"value":', ${jsonNumber("s.3")}, ',"stringValue":', toJSONString(s.4), '}'), ${items}), ','), ']')`,
  description: "Scores: name, dataType, value (averaged), stringValue.",
});

export type Selection = {
  select: SelectedColumn[];
  /** The columns for rows that are known to have no comments. */
  selectWithoutComments: SelectedColumn[];
  params: Record<string, unknown>;
  hasComments: boolean;
  hashes: boolean;
  faults: FieldError[];
  /** Score names by the id of their column in the file. */
  scoreColumns: Record<string, string>;
  /** One sentence for each difference from what was requested. */
  warnings: string[];
};

/** Returns whether the file has a column per score name, so that the names must be known. */
export const hasScoreColumns = ({ scores, columns }: Pick<ExportQuery, "scores" | "columns">, table: ExportTable): boolean =>
  table.scoreLevels !== null && scores === "columns" && (columns === undefined || columns.includes("scores"));

/** Lists the ids of all columns of a table in file order, including `comments` and `scores` if it has them. */
const columnIdsOf = (table: ExportTable): string[] => [
  ...Object.keys(table.columns),
  ...(table.commentObject === null ? [] : ["comments"]),
  ...(table.scoreLevels === null ? [] : ["scores"]),
];

export const selectColumns = (query: ExportQuery, table: ExportTable, scoreNames: ScoreNames): Selection => {
  const selection = chooseColumns(query, table, scoreNames, joinedComments);
  const selectWithoutComments = selection.hasComments ? chooseColumns(query, table, scoreNames, noComments).select : selection.select;
  return { ...selection, selectWithoutComments };
};

const chooseColumns = (
  query: ExportQuery,
  table: ExportTable,
  scoreNames: ScoreNames,
  commentText: CommentText,
): Omit<Selection, "selectWithoutComments"> => {
  const faults: FieldError[] = [];
  const params: Record<string, unknown> = {};
  let bound = 0;
  const bind: Bind = (type, value) => {
    const name = `c${bound++}`;
    params[name] = value;
    return `{${name}:${type}}`;
  };
  const known = columnIdsOf(table);
  const ids = query.columns ?? known.filter((id) => id !== "scores" || query.scores !== "none" || table.scoreLevels === null);
  const scoreColumns = new Map<string, string>();
  const select: SelectedColumn[] = [];
  for (const [index, id] of ids.entries()) {
    const path = `query.columns[${index}]`;
    if (!known.includes(id)) faults.push({ path, message: `Table ${table.name} has no column ${JSON.stringify(id)}.` });
    else if (ids.indexOf(id) !== index) faults.push({ path, message: `Column ${id} is named twice.` });
    else if (id === "comments") select.push({ ...commentsColumn, id, ...orNone(commentText) });
    else if (id === "scores" && table.scoreLevels !== null && query.scores === "columns")
      select.push(...scoreColumnsOf(table, scoreNames.columns, scoreColumns, bind), ...otherScores(table, scoreNames, bind));
    else if (id === "scores" && table.scoreLevels !== null) {
      if (query.scores === "nested") select.push({ ...scoresColumn(itemsOf(table.scoreLevels)), id });
    } else {
      const column = table.columns[id];
      if (column !== undefined) select.push({ ...column, id });
    }
  }
  const { visible, hashes } = applyPrivacy(query, select, { table, knownIds: known, bind, faults });
  const visibleIds = new Set(visible.map(({ id }) => id));
  return {
    select: visible,
    params,
    hasComments: visibleIds.has("comments"),
    hashes,
    faults,
    // Not by assignment, because a score may be called `__proto__`. A rule that drops the scores hides their names, too.
    scoreColumns: Object.fromEntries([...scoreColumns].filter(([id]) => visibleIds.has(id))),
    warnings:
      visibleIds.has("scores") && scoreNames.nested > 0 && query.scores === "columns" && table.scoreLevels !== null
        ? [nestedWarning(scoreNames)]
        : [],
  };
};

const nestedWarning = ({ columns, nested }: ScoreNames): string =>
  `${nested} ${nested === 1 ? "score name has" : "score names have"} no column, because a file has at most ${scoreColumnsMax} score columns with names of at most ${scoreColumnCharactersMax} characters. Besides the ${columns.length} columns, their scores are in the column scores.`;

/** ClickHouse returns names as valid UTF-8, whatever is stored. */
const storedName = (names: readonly string[]): string => (names.some((name) => name.includes("\ufffd")) ? "toValidUTF8(s.1)" : "s.1");

/** Builds one column for the scores of all names without a column of their own. */
const otherScores = (table: ExportTable, { columns, nested }: ScoreNames, bind: Bind): SelectedColumn[] => {
  if (nested === 0) return [];
  const names = columns.map(({ name }) => name);
  const isOther = `NOT has(${bind("Array(String)", names)}, ${storedName(names)})`;
  return [{ ...scoresColumn(sql`arrayFilter(s -> ${isOther}, ${itemsOf(table.scoreLevels ?? [])})`), id: "scores" }];
};

/** Builds one column per score name. Fills `ids` with the names by their column ids. */
const scoreColumnsOf = (table: ExportTable, scoreNames: readonly ScoreName[], ids: Map<string, string>, bind: Bind): SelectedColumn[] => {
  const idOf = nameScoreColumns(scoreNames, columnIdsOf(table));
  return scoreNames.map(({ name, isNumber, levels }) => {
    const id = idOf.get(name) ?? name;
    ids.set(id, storableForm(name));
    const key = bind("String", name);
    const found = levelsWith(table.scoreLevels ?? [], levels);
    const named = (map: string) => concatenated(found.map((scores) => sql`${scores(map)}[${key}]`));
    return {
      ...named(isNumber ? "numbers" : "texts"),
      ...(isNumber
        ? { jsonNumbers: named("jsonNumbers").sql }
        : {
            invalidTexts: joinSql(
              found.map((scores) => scores("invalidTexts")),
              " + ",
            ).sql,
          }),
      id,
      kind: isNumber ? "array<number>" : "array<string>",
      // Null if there is no score of this name and the format supports null.
      nullable: true,
      description: `Scores named ${name}.`,
    };
  });
};

/** If a name is used on one level only, the other is not joined. */
const levelsWith = (levels: readonly RelationColumn[], where: ScoreName["levels"]): readonly RelationColumn[] =>
  levels.length < 2 || where === "both" ? levels : where === "observation" ? levels.slice(0, 1) : levels.slice(1);
