/** The filter language as forms know it: the operators of a column, drafts of conditions, and the text of a condition. */
import type { ExportTable, FilterCondition } from "../../generated/types.gen.ts";
import { isInstant } from "./time-range.ts";

export type FilterColumn = ExportTable["filters"][number];
export type FilterType = FilterCondition["type"];
export type ValueKind = "text" | "texts" | "number" | "instant" | "boolean" | "none";

/** What a condition of each type holds besides its column and operator. */
const shapes: Record<FilterType, { value: ValueKind; hasKey: boolean }> = {
  string: { value: "text", hasKey: false },
  stringOptions: { value: "texts", hasKey: false },
  arrayOptions: { value: "texts", hasKey: false },
  number: { value: "number", hasKey: false },
  datetime: { value: "instant", hasKey: false },
  numberObject: { value: "number", hasKey: true },
  categoryOptions: { value: "texts", hasKey: true },
  booleanObject: { value: "boolean", hasKey: true },
  boolean: { value: "boolean", hasKey: false },
  stringObject: { value: "text", hasKey: true },
  null: { value: "none", hasKey: false },
};

export const conditionsMax = 100;

export const valueKindOf = (type: FilterType): ValueKind => shapes[type].value;
export const hasKey = (type: FilterType): boolean => shapes[type].hasKey;

export type Operator = { type: FilterType; operator: string };

/**
 * Operators that a column offers, each once: where two types have one of the same name, the type of the column itself counts. Types of a
 * newer server that this page does not know are left out.
 */
export const operatorsOf = (column: FilterColumn): Operator[] => {
  const all = column.filters.flatMap(({ type, operators }) =>
    isFilterType(type) ? operators.map((operator) => ({ type, operator })) : [],
  );
  return all.filter(
    ({ type, operator }) => type === column.type || !all.some((other) => other.type === column.type && other.operator === operator),
  );
};

/** A condition while it is edited. Numbers, instants and booleans are texts. */
export type ConditionDraft = Operator & { column: string; key: string; text: string; texts: readonly string[] };

export const emptyDraft = (column: FilterColumn): ConditionDraft | undefined => {
  const [first] = operatorsOf(column);
  return first && { ...first, column: column.id, key: "", text: valueKindOf(first.type) === "boolean" ? "true" : "", texts: [] };
};

/** The draft with another operator; what was entered stays as far as it fits. */
export const withOperator = (draft: ConditionDraft, { type, operator }: Operator): ConditionDraft => {
  const kinds = [valueKindOf(draft.type), valueKindOf(type)];
  if (kinds[0] === kinds[1]) return { ...draft, type, operator };
  if (kinds[1] === "texts") return { ...draft, type, operator, texts: draft.text === "" ? draft.texts : [draft.text] };
  if (kinds[0] === "texts") return { ...draft, type, operator, text: draft.texts[0] ?? "" };
  return { ...draft, type, operator, text: kinds[1] === "boolean" ? "true" : "" };
};

export const draftOf = (condition: FilterCondition): ConditionDraft => {
  const { type, column, operator, value } = condition;
  const texts = Array.isArray(value) ? value : [];
  return { type, column, operator, key: "key" in condition ? condition.key : "", text: Array.isArray(value) ? "" : String(value), texts };
};

type Checked = { condition: FilterCondition } | { field: "key" | "value"; error: string };

const mayBeEmpty = ({ type, operator }: Operator): boolean => type === "arrayOptions" && operator !== "any of";

/** The condition that a draft stands for, or what is wrong with it. */
export const conditionOf = (draft: ConditionDraft): Checked => {
  const { type, column, operator, key } = draft;
  if (hasKey(type) && key === "") return { field: "key", error: "Name the key." };
  const read = readValue(draft);
  if ("error" in read) return { field: "value", error: read.error };
  return { condition: asCondition({ type, column, ...(hasKey(type) && { key }), operator, value: read.value }) };
};

type Value = FilterCondition["value"];

const readValue = (draft: ConditionDraft): { value: Value } | { error: string } => {
  const { type, operator, text, texts } = draft;
  const kind = valueKindOf(type);
  switch (kind) {
    case "text":
      return operator === "matches" && !/[\p{L}\p{N}]/u.test(text) ? { error: "Enter at least one letter or digit." } : { value: text };
    case "texts":
      return texts.length === 0 && !mayBeEmpty(draft) ? { error: "Choose or enter at least one value." } : { value: [...texts] };
    case "number":
      return readNumber(text.trim());
    case "instant":
      return isInstant(text) ? { value: text } : { error: "Enter a date and a time." };
    case "boolean":
      return text === "true" || text === "false" ? { value: text === "true" } : { error: "Choose true or false." };
    case "none":
      return { value: "" };
    default:
      return kind satisfies never;
  }
};

/** The API compares with doubles: digits that none of them has would mean another number. */
const readNumber = (text: string): { value: number } | { error: string } => {
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) return { error: "Enter a number." };
  const digits = text.replace("+", "");
  if (/^-?\d+$/.test(digits) && digits !== String(value) && BigInt(digits) !== BigInt(value))
    return { error: `The API compares with 64-bit floats, which have ${String(value)} but not this number.` };
  return { value };
};

/** Conditions of a URL. What is none is left out; whether columns and operators fit the table, the API says. */
export const readConditions = (given: unknown): FilterCondition[] =>
  Array.isArray(given) ? given.filter(isCondition).slice(0, conditionsMax) : [];

const isCondition = (given: unknown): given is FilterCondition => {
  if (typeof given !== "object" || given === null) return false;
  const { type, column, operator, value, key } = given as Record<string, unknown>;
  if (typeof type !== "string" || !isFilterType(type) || typeof column !== "string" || typeof operator !== "string") return false;
  if (hasKey(type) !== (typeof key === "string" && key !== "")) return false;
  return isValue[valueKindOf(type)](value);
};

const isValue: Record<ValueKind, (value: unknown) => boolean> = {
  text: (value) => typeof value === "string",
  texts: (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
  number: (value) => typeof value === "number" && Number.isFinite(value),
  instant: (value) => typeof value === "string" && isInstant(value),
  boolean: (value) => typeof value === "boolean",
  none: (value) => value === "",
};

const isFilterType = (type: string): type is FilterType => Object.hasOwn(shapes, type);

/** Names of operators and types are the server's own: the description of the table gave them. */
const asCondition = (condition: { type: FilterType; column: string; key?: string; operator: string; value: Value }): FilterCondition =>
  condition as FilterCondition;

/** `metadata.region` `=` `eu`, as three texts for a chip. Instants stay as they are sent. */
export const conditionTexts = (condition: FilterCondition): { subject: string; operator: string; value: string } => {
  const { column, operator, value } = condition;
  const subject = "key" in condition ? `${column}.${condition.key}` : column;
  if (condition.type === "null") return { subject, operator, value: "" };
  if (!Array.isArray(value)) return { subject, operator, value: value === "" ? "(empty)" : String(value) };
  const shown = value.slice(0, 3).map((one) => (one === "" ? "(empty)" : one));
  return { subject, operator, value: value.length > 3 ? `${shown.join(", ")} and ${value.length - 3} more` : shown.join(", ") || "(none)" };
};
