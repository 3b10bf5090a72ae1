/** Applies the privacy rules of a request to the columns of its file. */

import type { FieldError } from "../../errors.ts";
import type { ExportQuery } from "../export-query.ts";
import type { SelectedColumn } from "../selected-column.ts";
import type { ExportTable } from "../tables/table.ts";
import { hideInJson, hideInList, hideInMap } from "./hide-paths.ts";
import { type Bind, hideColumn, type PathStep, type PrivacyAction, parsePath } from "./privacy.ts";
import { addMapRule, addRule, countPlaces, emptyTree, type PrivacyTree } from "./privacy-tree.ts";

/** Limits that keep a query shorter than ClickHouse can parse: each step is a nested call, each place adds text. */
const stepsMax = 16;
const placesMax = 250;

type Applied = { visible: SelectedColumn[]; hashes: boolean };

/** `knownIds` are the ids of all columns of the table, including those left out. Faults name the rule. */
export const applyPrivacy = (
  { privacy: rules, scores }: Pick<ExportQuery, "privacy" | "scores">,
  select: readonly SelectedColumn[],
  { table, knownIds, bind, faults }: { table: ExportTable; knownIds: readonly string[]; bind: Bind; faults: FieldError[] },
): Applied => {
  const trees = new Map<string, PrivacyTree>();
  let hashes = false;
  let dropsScores = false;
  for (const [index, { path, action }] of rules.entries()) {
    const fault = (message: string) => void faults.push({ path: `query.privacy[${index}].path`, message });
    const parsed = parsePath(path);
    if (parsed === undefined) fault("Write a column, or a column and a path such as input.messages[*].content.");
    else if (!knownIds.includes(parsed.column)) fault(`Table ${table.name} has no column ${JSON.stringify(parsed.column)}.`);
    else {
      const column = select.find(({ id }) => id === parsed.column);
      // If scores are a column of the table itself, as in nested traces, they are treated like any other column.
      if (parsed.column === "scores" && scores === "columns" && table.scoreLevels !== null) {
        if (action === "drop" && parsed.steps.length === 0) dropsScores = true;
        else fault("Scores as columns can only be dropped as a whole.");
      }
      // Otherwise `columns` has already left it out.
      else if (column !== undefined) {
        if (action === "hash") hashes = true;
        if (parsed.steps.length > stepsMax) fault(`A path has at most ${stepsMax} steps.`);
        else if (!addColumnRule(trees, column, parsed.steps, action)) fault(`Column ${column.id} contains no JSON.`);
      }
    }
  }
  const places = [...trees.values()].reduce((sum, tree) => sum + countPlaces(tree), 0);
  if (places > placesMax) {
    faults.push({
      path: "query.privacy",
      message: `The rules name ${places} places, including those on their paths; at most ${placesMax} are allowed.`,
    });
    return { visible: [...select], hashes };
  }
  const visible = select
    .filter(({ id }) => !dropsScores || Object.hasOwn(table.columns, id) || id === "comments")
    .flatMap((column) => hide(column, trees.get(column.id), bind));
  if (visible.length === 0 && rules.length > 0 && select.length > 0)
    faults.push({ path: "query.privacy", message: "No column would be left." });
  return { visible, hashes };
};

const jsonKinds: ReadonlySet<SelectedColumn["kind"]> = new Set(["json", "document", "array<string>"]);

/** Returns false if a column of this kind cannot contain the path. */
const addColumnRule = (
  trees: Map<string, PrivacyTree>,
  { id, kind }: SelectedColumn,
  steps: readonly PathStep[],
  action: PrivacyAction,
): boolean => {
  const tree = trees.get(id) ?? emptyTree();
  trees.set(id, tree);
  const [each, key, ...below] = steps;
  // Nested rows contain maps as well: metadata.
  if (
    kind === "document" &&
    each === "each" &&
    key !== undefined &&
    key !== "each" &&
    key.key === "metadata" &&
    below.length > 0 &&
    below[0] !== "each"
  )
    addMapRule(tree, below, action, [each, key]);
  else if (steps.length === 0 || jsonKinds.has(kind)) addRule(tree, steps, action);
  else if (kind === "map<string>" && steps[0] !== "each") addMapRule(tree, steps, action);
  else return false;
  return true;
};

const hide = (column: SelectedColumn, tree: PrivacyTree | undefined, bind: Bind): SelectedColumn[] => {
  if (tree === undefined) return [column];
  const { sql, kind, nullable } = column;
  if (tree.action === "drop") return [];
  if (tree.action !== null) return [{ ...column, kind: "text", sql: hideColumn(sql, kind, nullable, tree.action) }];
  if (tree.each === null && tree.keys.size === 0) return [column];
  if (kind === "map<string>") return [{ ...column, ...hideInMap(sql, tree, bind) }];
  if (kind === "array<string>") return [{ ...column, ...hideInList(sql, tree, bind) }];
  return [{ ...column, ...hideInJson(sql, tree, { bind, nullable, isDocument: kind === "document" }) }];
};
