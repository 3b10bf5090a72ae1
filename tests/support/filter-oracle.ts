/** What a filter means, in plain JavaScript over the inserted rows. Written from the documentation of the filters, not from their SQL. */
import type { EventRow } from "./event-rows.ts";

export type Filter = { type: string; column: string; operator: string; value: unknown; key?: string };

/** Value of a filter column; null where it is absent. Strings hold '' for absent. */
const cells: Record<string, (row: EventRow) => string | number | boolean | string[] | null> = {
  id: (row) => row.span_id,
  traceId: (row) => row.trace_id,
  name: (row) => row.name,
  type: (row) => row.type,
  userId: (row) => row.user_id,
  sessionId: (row) => row.session_id,
  release: (row) => row.release,
  statusMessage: (row) => row.status_message,
  level: (row) => row.level,
  traceName: (row) => (row.trace_name !== "" ? row.trace_name : row.parent_span_id === "" ? row.name : ""),
  providedModelName: (row) => row.provided_model_name,
  input: (row) => row.input,
  output: (row) => row.output,
  parentObservationId: (row) => row.parent_span_id,
  promptVersion: (row) => row.prompt_version,
  totalCost: (row) => (row.cost_details["total"] === undefined ? null : Number(row.cost_details["total"])),
  totalTokens: (row) => (row.usage_details["total"] === undefined ? null : Number(row.usage_details["total"])),
  inputTokens: (row) =>
    Object.entries(row.usage_details).reduce((sum, [kind, count]) => (/input/i.test(kind) ? sum + Number(count) : sum), 0),
  latency: (row) =>
    row.end_time === null ? null : (Date.parse(`${row.end_time.slice(0, 23)}Z`) - Date.parse(`${row.start_time.slice(0, 23)}Z`)) / 1000,
  tags: (row) => row.tags,
  calledToolNames: (row) => row.tool_call_names,
  hasParentObservation: (row) => row.parent_span_id !== "",
  isRootObservation: (row) => row.parent_span_id === "" || row.is_app_root,
  hasInput: (row) => row.input.length > 0,
};

const times: Record<string, (row: EventRow) => string | null> = { startTime: (row) => row.start_time, endTime: (row) => row.end_time };

/** `2026-01-01T00:00:00.000001Z` as ClickHouse prints it: comparable as text. */
const timeText = (iso: string): string => iso.replace("T", " ").replace("Z", "");

const matchString = (cell: string, operator: string, value: string): boolean => {
  if (operator === "=") return cell === value;
  // An empty value asks for absent cells; an absent cell never satisfies a negation.
  if (operator === "does not contain") return value === "" ? cell !== "" : cell !== "" && !cell.includes(value);
  if (value === "") return cell === "";
  if (operator === "contains") return cell.includes(value);
  return operator === "starts with" ? cell.startsWith(value) : cell.endsWith(value);
};

const compare = <T extends string | number>(a: T, operator: string, b: T): boolean =>
  operator === "=" ? a === b : operator === ">" ? a > b : operator === "<" ? a < b : operator === ">=" ? a >= b : a <= b;

export const matches = (row: EventRow, filter: Filter): boolean => {
  const { type, column, operator, value } = filter;
  if (type === "stringObject") {
    const index = row.metadata_names.indexOf(filter.key ?? "");
    return index !== -1 && matchString(row.metadata_values[index] ?? "", operator, String(value));
  }
  const time = times[column];
  const cell = time === undefined ? cells[column]?.(row) : time(row);
  if (type === "null") {
    const isAbsent =
      column === "metadata" ? row.metadata_names.length === 0 : cell === null || cell === "" || (Array.isArray(cell) && cell.length === 0);
    return operator === "is null" ? isAbsent : !isAbsent;
  }
  if (cell === null || cell === undefined) return false;
  if (type === "datetime") return compare(String(cell), operator, timeText(String(value)));
  if (type === "number") return compare(Number(cell), operator, Number(value));
  if (type === "boolean") return operator === "=" ? cell === value : cell !== value;
  const list = value as string[];
  if (Array.isArray(cell)) {
    if (operator === "any of") return list.some((item) => cell.includes(item));
    return operator === "none of" ? !list.some((item) => cell.includes(item)) : list.every((item) => cell.includes(item));
  }
  if (type === "string") return matchString(String(cell), operator, String(value));
  return operator === "any of" ? list.includes(String(cell)) : cell !== "" && !list.includes(String(cell));
};

/** Case-insensitive search; `%` and `_` are ordinary. */
export const found = (row: EventRow, query: string, types: readonly string[]): boolean => {
  const cellsOf: Record<string, string[]> = {
    id: [row.span_id, row.name, row.trace_name, row.user_id, row.session_id, row.trace_id],
    content: [row.input, row.output],
    input: [row.input],
    output: [row.output],
  };
  return types.some((type) => (cellsOf[type] ?? []).some((cell) => cell.toLowerCase().includes(query.toLowerCase())));
};
