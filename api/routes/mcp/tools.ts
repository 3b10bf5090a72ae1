/** Registry of the tools of /mcp: each is an operation of the API, with what an agent should know, and how its answer is shortened. */

import type { Fields } from "./fit-answer.ts";
import type { OperationAnswer } from "./operation.ts";
import { previewRows } from "./preview-rows.ts";
import type { Json } from "./untrusted-text.ts";

export type Tool = {
  /** Operation id of the route. */
  operation: string;
  title: string;
  description: string;
  /** True if a call changes nothing. */
  isReading: boolean;
  /** True if the operation is repeated until the export has ended, for a while. */
  waits?: true;
  /** True if the answer holds words of the API alone, such as the operator `>=`, which are not escaped. */
  isOurs?: true;
  show: (answer: OperationAnswer) => Fields;
};

const bodyOf = (answer: OperationAnswer): Fields => answer.body as Fields;
const listIn = (value: Json | undefined): Fields[] => (Array.isArray(value) ? (value as Fields[]) : []);
const pick = (from: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));

/** Groups names by what they have in common, as short texts: a table has up to a hundred names. */
const grouped = (entries: readonly { group: string; name: string }[]): Fields =>
  Object.fromEntries([...Map.groupBy(entries, ({ group }) => group)].map(([group, of]) => [group, of.map(({ name }) => name).join(", ")]));

const showTable = (answer: OperationAnswer): Fields => {
  const table = bodyOf(answer);
  const filters = listIn(table["filters"]);
  const typesOf = (kinds: Json | undefined): string =>
    listIn(kinds)
      .map(({ type }) => String(type))
      .join(" or ");
  return {
    ...pick(table, ["name", "description", "formats", "searchTypes"]),
    columnsByType: grouped(
      listIn(table["columns"]).map(({ id, type, unit }) => ({
        group: String(type),
        name: unit === null ? String(id) : `${String(id)} (${String(unit)})`,
      })),
    ),
    filterColumnsByType: grouped(filters.map(({ id, filters: kinds }) => ({ group: typesOf(kinds), name: String(id) }))),
    notSortable: filters.flatMap(({ id, isSortable }) => (isSortable === true ? [] : [String(id)])).join(", "),
    operatorsByType: Object.fromEntries(
      filters.flatMap(({ filters: kinds }) =>
        listIn(kinds).map(({ type, operators }) => [String(type), (operators as string[]).join(", ")]),
      ),
    ),
  };
};

const showPreview = (answer: OperationAnswer): Fields => {
  const preview = bodyOf(answer);
  const columns = listIn(preview["columns"]).map(({ id, encoding }) => `${String(id)}: ${String(encoding)}`);
  return {
    ...pick(preview, ["format", "rowCount", "warnings", "estimate"]),
    untrustedRows: previewRows(preview as Parameters<typeof previewRows>[0]),
    columns,
  };
};

const exportFields = [
  "id",
  "name",
  "status",
  "tableName",
  "format",
  "compression",
  "createdAt",
  "finishedAt",
  "expiresAt",
  "isDownloadable",
];
const progressFields = ["stage", "percent", "rows", "rowsTotal", "nextAttemptAt"];
const showExport = (answer: OperationAnswer): Fields => {
  const found = bodyOf(answer);
  return {
    ...pick(found, [...exportFields, "cancelRequestedAt", "warnings", "result", "error"]),
    progress: pick(found["progress"] as Fields, progressFields),
  };
};

/** The cursor goes on behind the last item that was asked for. If items are left out, `limit` has to be smaller. */
const showPage =
  (name: string, fields: readonly string[]) =>
  (answer: OperationAnswer): Fields => {
    const { data, nextCursor = null } = bodyOf(answer);
    return { nextCursor, [name]: listIn(data).map((one) => pick(one, fields)) };
  };

const queryHelp =
  "`query.tableName` comes from list_tables, columns and operators from describe_table. A filter is a list of conditions that must all hold, such as " +
  '{"type":"datetime","column":"startTime","operator":">=","value":"2026-11-01T00:00:00Z"} or {"type":"stringOptions","column":"level","operator":"any of","value":["ERROR"]}.';

export const tools = {
  list_tables: {
    operation: "listExportTables",
    title: "List tables",
    description: "Lists the tables that can be exported.",
    isReading: true,
    isOurs: true,
    show: (answer) => ({ tables: bodyOf(answer)["data"] ?? [] }),
  },
  describe_table: {
    operation: "getExportTable",
    title: "Describe a table",
    description: "Lists the columns of a table, the columns to filter and sort by, and the operators of each type of filter.",
    isReading: true,
    isOurs: true,
    show: showTable,
  },
  preview_export: {
    operation: "previewBatchExport",
    title: "Preview an export",
    description: `Shows up to 20 rows as the file would hold them, each as a JSON string in untrustedRows, with warnings and an estimate. Stores nothing. ${queryHelp}`,
    isReading: true,
    show: showPreview,
  },
  estimate_export: {
    operation: "estimateBatchExport",
    title: "Estimate an export",
    description: `Counts rows and bytes without running the export. ${queryHelp}`,
    isReading: true,
    show: bodyOf,
  },
  create_export: {
    operation: "createBatchExport",
    title: "Create an export",
    description: `Starts an export and returns its id at once. Then call wait_for_export, and get_download_link when it is COMPLETED. Send an idempotency-key to be able to repeat the call. ${queryHelp}`,
    isReading: false,
    show: showExport,
  },
  get_export: {
    operation: "getBatchExport",
    title: "Show an export",
    description: "Shows the status, progress and result of an export.",
    isReading: true,
    show: showExport,
  },
  wait_for_export: {
    operation: "getBatchExport",
    title: "Wait for an export",
    description: "Waits up to 20 seconds for an export to end, then shows it. Call it again while status is QUEUED or PROCESSING.",
    isReading: true,
    waits: true,
    show: showExport,
  },
  list_exports: {
    operation: "listBatchExports",
    title: "List exports",
    description: "Lists exports, newest first. If leftOut names items, call again with a smaller limit before using nextCursor.",
    isReading: true,
    show: showPage("exports", exportFields),
  },
  cancel_export: {
    operation: "cancelBatchExport",
    title: "Cancel an export",
    description: "Cancels a queued export at once and a running one within seconds. Its files are removed.",
    isReading: false,
    show: showExport,
  },
  get_download_link: {
    operation: "downloadBatchExport",
    title: "Get a download link",
    description: "Returns a signed address for a file of a completed export. Anyone who has it can download the file for a short time.",
    isReading: true,
    show: ({ location }) => ({ url: location }),
  },
  list_integrations: {
    operation: "listIntegrations",
    title: "List integrations",
    description:
      "Lists scheduled deliveries with their status. If leftOut names items, call again with a smaller limit before using nextCursor.",
    isReading: true,
    show: showPage("integrations", ["id", "kind", "name", "enabled", "schedule", "mode", "tables", "status"]),
  },
} as const satisfies Record<string, Tool>;
export type ToolName = keyof typeof tools;

export const isToolName = (name: string): name is ToolName => Object.hasOwn(tools, name);
