/**
 * The meaning of filters and search over rows in memory, written from the documented language and not from the code under test:
 * no import of ours, numbers as fractions of integers, instants as microseconds.
 */
import type { AnyFilter, FilterRow } from "./filter-rows.ts";

type Fraction = { over: bigint; under: bigint };
type Cell = string | readonly string[] | boolean | Fraction | { double: number } | { us: bigint } | null;

const fraction = (text: string): Fraction => {
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", decimals = ""] = mantissa.split(".");
  const power = Number(exponent) - decimals.length;
  const digits = BigInt(whole + decimals);
  return power >= 0 ? { over: digits * 10n ** BigInt(power), under: 1n } : { over: digits, under: 10n ** BigInt(-power) };
};
const whole = (value: number | bigint): Fraction => ({ over: BigInt(value), under: 1n });
const plus = (a: Fraction, b: Fraction): Fraction => ({ over: a.over * b.under + b.over * a.under, under: a.under * b.under });
const sumWhere = (map: Record<string, string>, part: string): Fraction =>
  Object.entries(map)
    .filter(([name]) => name.toLowerCase().includes(part))
    .reduce((sum, [, value]) => plus(sum, fraction(value)), whole(0));
const totalOf = (map: Record<string, string>): Fraction | null => (map["total"] === undefined ? null : fraction(map["total"]));

const usOf = (time: string): bigint => BigInt(Date.parse(`${time.slice(0, 19).replace(" ", "T")}Z`)) * 1000n + BigInt(time.slice(20, 26));
/** Both ends are cut to milliseconds before they are compared, as ClickHouse's date_diff does. */
const millis = (row: FilterRow, end: string | null): bigint | null =>
  end === null ? null : usOf(end) / 1000n - usOf(row.start_time) / 1000n;
const seconds = (ms: bigint | null): Fraction | null => (ms === null ? null : { over: ms, under: 1000n });

/** Of a key that is there twice, the last value is the one of the file. */
const metadata = (row: FilterRow, key: string): string | undefined => row.metadata_values[row.metadata_names.lastIndexOf(key)];

const cells: Record<string, (row: FilterRow) => Cell> = {
  id: (row) => row.span_id,
  traceId: (row) => row.trace_id,
  startTime: (row) => ({ us: usOf(row.start_time) }),
  endTime: (row) => (row.end_time === null ? null : { us: usOf(row.end_time) }),
  name: (row) => row.name,
  type: (row) => row.type,
  environment: (row) => row.environment,
  traceEnvironment: (row) => row.environment,
  ingestionApiKey: (row) => row.ingestion_api_key,
  ingestionSdkName: (row) => row.ingestion_sdk_name,
  ingestionSdkVersion: (row) => row.ingestion_sdk_version,
  ingestionSource: (row) => row.source,
  version: (row) => row.version,
  release: (row) => row.release,
  userId: (row) => row.user_id,
  sessionId: (row) => row.session_id,
  traceName: (row) => row.trace_name || (row.parent_span_id === "" ? row.name : ""),
  level: (row) => row.level,
  statusMessage: (row) => row.status_message,
  promptName: (row) => row.prompt_name,
  promptVersion: (row) => (row.prompt_version === null ? null : whole(row.prompt_version)),
  modelId: (row) => row.model_id,
  providedModelName: (row) => row.provided_model_name,
  model: (row) => row.provided_model_name,
  totalCost: (row) => totalOf(row.cost_details),
  inputCost: (row) => sumWhere(row.cost_details, "input"),
  outputCost: (row) => sumWhere(row.cost_details, "output"),
  inputTokens: (row) => sumWhere(row.usage_details, "input"),
  outputTokens: (row) => sumWhere(row.usage_details, "output"),
  totalTokens: (row) => totalOf(row.usage_details),
  tokens: (row) => totalOf(row.usage_details),
  latency: (row) => seconds(millis(row, row.end_time)),
  timeToFirstToken: (row) => seconds(millis(row, row.completion_start_time)),
  tokensPerSecond: (row) => {
    const ms = millis(row, row.end_time);
    return ms === null || ms === 0n ? null : { double: Number(sumWhere(row.usage_details, "output").over) / (Number(ms) / 1000) };
  },
  input: (row) => row.input,
  output: (row) => row.output,
  metadata: (row) => row.metadata_names,
  evaluatorId: (row) => metadata(row, "evaluator_id") ?? "",
  ruleId: (row) => metadata(row, "evaluation_rule_id") || (metadata(row, "job_configuration_id") ?? ""),
  tags: (row) => row.tags,
  traceTags: (row) => row.tags,
  hasParentObservation: (row) => row.parent_span_id !== "",
  isRootObservation: (row) => row.parent_span_id === "" || row.is_app_root,
  parentObservationId: (row) => row.parent_span_id,
  hasInput: (row) => row.input !== "",
  hasOutput: (row) => row.output !== "",
  experimentDatasetId: (row) => row.experiment_dataset_id,
  experimentId: (row) => row.experiment_id,
  experimentName: (row) => row.experiment_name,
  isExperimentItemRootSpan: (row) => row.experiment_item_root_span_id === row.span_id,
  toolNames: (row) => Object.keys(row.tool_definitions),
  calledToolNames: (row) => row.tool_call_names,
  toolDefinitions: (row) => whole(Object.keys(row.tool_definitions).length),
  toolCalls: (row) => whole(row.tool_calls.length),
};

/** The two small sigmas of Greek are one letter. */
const folded = (text: string): string => text.toLowerCase().replaceAll("ς", "σ");
const words = (text: string): string[] => folded(text).match(/[\p{L}\p{N}]+/gu) ?? [];
const hasAllWords = (text: string, value: string) => words(value).every((word) => words(text).includes(word));

/** An absent string is the empty one: equal to the empty string and to nothing else, and never the subject of a negation. */
const stringMatches = (cell: string, operator: string, value: string): boolean => {
  switch (operator) {
    case "=":
      return cell === value;
    case "contains":
      return value === "" ? cell === "" : cell.includes(value);
    case "starts with":
      return value === "" ? cell === "" : cell.startsWith(value);
    case "ends with":
      return value === "" ? cell === "" : cell.endsWith(value);
    case "does not contain":
      return cell !== "" && (value === "" || !cell.includes(value));
    default:
      throw new Error(operator);
  }
};

const orderMatches = (difference: number, operator: string): boolean => {
  switch (operator) {
    case "=":
      return difference === 0;
    case ">":
      return difference > 0;
    case "<":
      return difference < 0;
    case ">=":
      return difference >= 0;
    case "<=":
      return difference <= 0;
    default:
      throw new Error(operator);
  }
};

const listMatches = (cell: Cell, operator: string, list: readonly string[]): boolean => {
  if (typeof cell === "string") return operator === "any of" ? list.includes(cell) : cell !== "" && !list.includes(cell);
  const held = cell as readonly string[];
  if (operator === "all of") return list.every((value) => held.includes(value));
  return list.some((value) => held.includes(value)) === (operator === "any of");
};

const isAbsent = (cell: Cell): boolean => cell === null || cell === "" || (Array.isArray(cell) && cell.length === 0);

/** Picoseconds: finer than the microseconds rows have. */
const picoseconds = (instant: string): bigint => {
  const [, head = "", digits = "", zone = ""] = /^([^.]*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(instant) ?? [];
  return BigInt(Date.parse(head + zone)) * 10n ** 9n + BigInt(digits.padEnd(12, "0").slice(0, 12));
};

export const filterMatches = (row: FilterRow, { type, column, operator, value, key = "" }: AnyFilter): boolean => {
  const read = cells[column];
  if (read === undefined) throw new Error(column);
  const cell = read(row);
  switch (type) {
    case "string":
      if (operator === "matches") return folded(String(cell)).includes(folded(String(value))) && hasAllWords(String(cell), String(value));
      return stringMatches(cell as string, operator, value as string);
    case "stringOptions":
    case "arrayOptions":
      return listMatches(cell, operator, value as string[]);
    case "number": {
      if (cell === null) return false;
      if (typeof cell === "object" && "double" in cell) return orderMatches(Math.sign(cell.double - (value as number)), operator);
      const a = cell as Fraction;
      const b = fraction(String(value));
      const difference = a.over * b.under - b.over * a.under;
      return orderMatches(difference > 0n ? 1 : difference < 0n ? -1 : 0, operator);
    }
    case "datetime": {
      if (cell === null) return false;
      const difference = (cell as { us: bigint }).us * 10n ** 6n - picoseconds(value as string);
      return orderMatches(difference > 0n ? 1 : difference < 0n ? -1 : 0, operator);
    }
    case "boolean":
      return (cell === value) === (operator === "=");
    case "stringObject": {
      const held = metadata(row, key);
      if (held === undefined) return false;
      if (operator === "matches") return held.includes(value as string) && hasAllWords(held, value as string);
      return stringMatches(held, operator, value as string);
    }
    case "null":
      return isAbsent(cell) === (operator === "is null");
    default:
      throw new Error(type);
  }
};

/** A text of which only the escaped letters other than ASCII can be found. */
const unescaped = (text: string): string =>
  text.replace(/[^\0-\x7f]/gu, "\0").replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

export const searchMatches = (row: FilterRow, query: string, types: readonly string[] = ["id"]): boolean => {
  const has = (text: string) => folded(text).includes(folded(query));
  const inContent = (text: string) => has(text) || (/[^\0-\x7f]/.test(query) && has(unescaped(text)));
  return types.some((type) => {
    if (type === "id") return [row.span_id, row.name, row.trace_name, row.user_id, row.session_id, row.trace_id].some(has);
    return (type !== "output" && inContent(row.input)) || (type !== "input" && inContent(row.output));
  });
};
