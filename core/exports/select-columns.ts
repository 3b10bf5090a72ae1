/** The columns of a file: chosen and ordered by the request, with scores and comments, and with what is private taken out. */
import type { FieldError } from "../errors.ts";
import { bothLevels } from "../tables/relations.ts";
import type { ExportColumn, ExportTable } from "../tables/table.ts";
import { hideColumn, hideKey, hidePath, parsePath } from "./privacy.ts";
import type { ExportQuery } from "./request.ts";

export type SelectedColumn = ExportColumn & { id: string };

/** A score name of the project, whether all its values are numbers, and what has scores of this name. */
export type ScoreName = { name: string; isNumber: boolean; levels: "observation" | "trace" | "both" };

/** Names with a column each, and how many have none: their scores are nested in one column. */
export type ScoreNames = { columns: readonly ScoreName[]; nested: number };

/** More columns than this no reader handles well; with SQL for each, neither does the server. */
export const scoreColumnsMax = 1000;
/** Longer names of columns are refused or cut by most readers (BigQuery takes 300 characters). */
export const scoreColumnCharactersMax = 256;

export const commentsColumn: ExportColumn = {
  kind: "document",
  nullable: false,
  sql: "",
  description: "Comments, oldest first: id, content, authorEmail, createdAt.",
};

/** Comments of a slice arrive with its query, as the table comment_rows of ids and their JSON. */
const commentTexts = "if(commentRows.text = '', '[]', commentRows.text)";

const scoresColumn = (items: string): ExportColumn => ({
  kind: "document",
  nullable: false,
  sql: `toJSONString(arrayMap(s -> CAST((s.1, s.2, s.3, s.4), 'Tuple(name String, dataType String, value Float64, stringValue String)'), ${items}))`,
  description: "Scores: name, dataType, value (averaged), stringValue.",
});

export const scoreModes = ["columns", "nested", "none"] as const;

export type Selection = {
  select: SelectedColumn[];
  params: Record<string, unknown>;
  hasComments: boolean;
  hasScores: boolean;
  hashes: boolean;
  faults: FieldError[];
  /** The columns of scores by their id in the file. */
  scoreColumns: Record<string, string>;
  /** What is not in the file the way that was asked for, each a sentence. */
  warnings: string[];
};

/** Ids of all columns of a table, `comments` and `scores` included where it has them, in the order of the file. */
export const columnIdsOf = (table: ExportTable): string[] => [
  ...Object.keys(table.columns),
  ...(table.commentObject === null ? [] : ["comments"]),
  ...(table.scoreItems === null ? [] : ["scores"]),
];

export const selectColumns = (query: ExportQuery, table: ExportTable, scoreNames: ScoreNames): Selection => {
  const faults: FieldError[] = [];
  const params: Record<string, unknown> = {};
  let bound = 0;
  const bind = (type: string, value: unknown) => {
    const name = `c${bound++}`;
    params[name] = value;
    return `{${name}:${type}}`;
  };
  const known = columnIdsOf(table);
  const ids = query.columns ?? known.filter((id) => id !== "scores" || query.scores !== "none" || table.scoreItems === null);
  const scoreColumns: Record<string, string> = {};
  const select: SelectedColumn[] = [];
  for (const [index, id] of ids.entries()) {
    const path = `query.columns[${index}]`;
    if (!known.includes(id)) faults.push({ path, message: `Table ${table.name} has no column ${JSON.stringify(id)}.` });
    else if (ids.indexOf(id) !== index) faults.push({ path, message: `Column ${id} is named twice.` });
    else if (id === "comments") select.push({ ...commentsColumn, id, sql: commentTexts });
    else if (id === "scores" && table.scoreItems !== null && query.scores === "columns")
      select.push(...scoreColumnsOf(table, scoreNames.columns, scoreColumns, bind), ...otherScores(table, scoreNames, bind));
    else if (id === "scores" && table.scoreItems !== null) {
      if (query.scores === "nested") select.push({ ...scoresColumn(table.scoreItems ?? "[]"), id });
    } else {
      const column = table.columns[id];
      if (column !== undefined) select.push({ ...column, id });
    }
  }
  const { visible, hashes } = applyPrivacy(query, select, table, bind, faults);
  return {
    select: visible,
    params,
    hasComments: visible.some(({ id }) => id === "comments"),
    hasScores: table.scoreItems !== null && query.scores === "columns" && ids.includes("scores"),
    hashes,
    faults,
    scoreColumns,
    warnings: visible.some(({ id }) => id === "scores") && query.scores === "columns" ? [nestedWarning(scoreNames)] : [],
  };
};

const nestedWarning = ({ columns, nested }: ScoreNames): string =>
  `${nested} ${nested === 1 ? "name of a score has" : "names of scores have"} no column, since a file has at most ${scoreColumnsMax} columns of scores with names of at most ${scoreColumnCharactersMax} characters; beside the ${columns.length} columns, their scores are in the column scores.`;

/** One column with the scores of all names that have none. */
const otherScores = (
  table: ExportTable,
  { columns, nested }: ScoreNames,
  bind: (type: string, value: unknown) => string,
): SelectedColumn[] => {
  if (nested === 0) return [];
  const names = bind(
    "Array(String)",
    columns.map(({ name }) => name),
  );
  return [{ ...scoresColumn(`arrayFilter(s -> NOT has(${names}, s.1), ${table.scoreItems ?? "[]"})`), id: "scores" }];
};

/** One column for each score name. A name that is taken by another column gets `score_` in front, as often as needed. */
const scoreColumnsOf = (
  table: ExportTable,
  scoreNames: readonly ScoreName[],
  ids: Record<string, string>,
  bind: (type: string, value: unknown) => string,
): SelectedColumn[] => {
  const taken = new Set(columnIdsOf(table));
  return scoreNames.map(({ name, isNumber, levels }) => {
    let id = name;
    while (taken.has(id) || id === "") id = `score_${id}`;
    taken.add(id);
    ids[id] = name;
    const items = itemsAt(table.scoreItems ?? "[]", levels);
    const found = `arrayFilter(s -> s.1 = ${bind("String", name)}, ${items})`;
    return {
      id,
      kind: isNumber ? "array<number>" : "array<string>",
      // No score of this name: null where the format knows it.
      nullable: true,
      // Most rows have no score: they are spared the search.
      sql: `if(empty(${items}), [], ${isNumber ? `arrayMap(s -> s.3, ${found})` : `arrayMap(s -> if(s.2 IN ('CATEGORICAL', 'TEXT'), s.4, toString(s.3)), ${found})`})`,
      description: `Scores named ${name}.`,
    };
  });
};

/** Where a name is used on one level only, the other is not even joined. */
const itemsAt = (items: string, levels: ScoreName["levels"]): string =>
  items !== bothLevels || levels === "both" ? items : levels === "observation" ? "ownScores.items" : "traceScores.items";

const applyPrivacy = (
  query: Pick<ExportQuery, "privacy" | "scores">,
  select: readonly SelectedColumn[],
  table: ExportTable,
  bind: (type: string, value: unknown) => string,
  faults: FieldError[],
): { visible: SelectedColumn[]; hashes: boolean } => {
  let visible = [...select];
  let hashes = false;
  for (const [index, { path, action }] of query.privacy.entries()) {
    const where = `query.privacy[${index}].path`;
    const parsed = parsePath(path);
    if (parsed === undefined) {
      faults.push({ path: where, message: "Write a column, or a column and a path such as input.messages[*].content." });
      continue;
    }
    if (!columnIdsOf(table).includes(parsed.column)) {
      faults.push({ path: where, message: `Table ${table.name} has no column ${JSON.stringify(parsed.column)}.` });
      continue;
    }
    const { column: id, steps } = parsed;
    const at = visible.findIndex((column) => column.id === id);
    const column = visible[at];
    if (id === "scores" && query.scores === "columns") {
      if (action === "drop" && steps.length === 0)
        visible = visible.filter((one) => Object.hasOwn(table.columns, one.id) || one.id === "comments");
      else faults.push({ path: where, message: "Scores as columns can only be dropped as a whole." });
      continue;
    }
    // Left out by `columns` already.
    if (column === undefined) continue;
    if (action === "hash") hashes = true;
    if (steps.length === 0) {
      if (action === "drop") visible = visible.filter((one) => one.id !== id);
      else visible[at] = { ...column, kind: "text", sql: hideColumn(column.sql, column.kind, column.nullable, action) };
      continue;
    }
    const [step] = steps;
    if (column.kind === "map<string>" && steps.length === 1 && step !== "each" && step !== undefined)
      visible[at] = { ...column, sql: hideKey(column.sql, step.key, action, bind) };
    else if (column.kind === "map<string>" && step !== "each" && step !== undefined) {
      const inner = hidePath("v", steps.slice(1), action, bind);
      visible[at] = { ...column, sql: `mapApply((k, v) -> (k, if(k = ${bind("String", step.key)}, ${inner}, v)), ${column.sql})` };
    } else if (column.kind === "json" || column.kind === "document")
      visible[at] = { ...column, sql: hidePath(column.sql, steps, action, bind) };
    else faults.push({ path: where, message: `Column ${id} has no JSON inside.` });
  }
  if (visible.length === 0 && query.privacy.length > 0 && select.length > 0)
    faults.push({ path: "query.privacy", message: "No column would be left." });
  return { visible, hashes };
};
