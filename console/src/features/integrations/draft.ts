/** What somebody has typed into the form of an integration. It begins as a copy of what the API says, which then never overwrites it. */
import { fromLocal, toLocal } from "../../components/local-instant.ts";
import type { CreateIntegration, Integration, UpdateIntegration } from "../../generated/types.gen.ts";
import type { Kind } from "./integration-search.ts";
import { kindFields, type SettingField } from "./setting-fields.ts";

export type Draft = {
  kind: Kind;
  name: string;
  frequency: Integration["schedule"]["frequency"];
  cron: string;
  timeZone: string;
  mode: Integration["mode"];
  /** Of `datetime-local` fields. */
  startDate: string;
  endsAt: string;
  tables: readonly string[];
  settings: Readonly<Record<string, string>>;
  /** Empty: the stored value is kept. */
  secret: Readonly<Record<string, string>>;
};

export const emptyDraft = (kind: Kind): Draft => ({
  kind,
  name: "",
  frequency: "hourly",
  cron: "",
  timeZone: "UTC",
  mode: "FULL_HISTORY",
  startDate: "",
  endsAt: "",
  tables: kindFields[kind].defaultTables,
  settings: kindFields[kind].first,
  secret: {},
});

/** Keeps what does not depend on the kind. */
export const withKind = (draft: Draft, kind: Kind): Draft => {
  const { tables, settings, secret } = emptyDraft(kind);
  return { ...draft, kind, tables, settings, secret };
};

export const draftOf = (one: Integration): Draft => ({
  kind: one.kind,
  name: one.name,
  frequency: one.schedule.frequency,
  cron: one.schedule.cron ?? "",
  timeZone: one.schedule.timeZone,
  mode: one.mode,
  startDate: one.mode === "FROM_CUSTOM_DATE" ? toLocal(one.startDate) : "",
  endsAt: toLocal(one.endsAt),
  tables: one.tables,
  settings: Object.fromEntries(kindFields[one.kind].settings.map((field) => [field.name, textOf(field, one.settings[field.name])])),
  secret: {},
});

export const isSame = (a: Draft, b: Draft): boolean => JSON.stringify(normal(a)) === JSON.stringify(normal(b));

/** Without empty texts, in one order. */
const normal = ({ settings, secret, tables, ...same }: Draft) => {
  const filled = (texts: Readonly<Record<string, string>>) =>
    Object.entries(texts)
      .filter(([, text]) => text !== "")
      .toSorted();
  return [Object.entries(same).toSorted(), filled(settings), filled(secret), tables.toSorted()];
};

const scheduleOf = ({ frequency, cron, timeZone }: Draft): CreateIntegration["schedule"] => ({
  frequency,
  cron: frequency === "cron" ? cron.trim() : null,
  timeZone,
});

const startOf = ({ mode, startDate }: Draft): string | null => (mode === "FROM_CUSTOM_DATE" ? fromLocal(startDate) : null);

const filledSecret = ({ secret }: Draft) => Object.fromEntries(Object.entries(secret).filter(([, text]) => text !== ""));

export const createBodyOf = (draft: Draft, isEnabled: boolean): CreateIntegration => {
  const settings = kindFields[draft.kind].settings.map(
    (field) => [field.name, settingOf(field, draft.settings[field.name] ?? "")] as const,
  );
  return {
    kind: draft.kind,
    name: draft.name,
    enabled: isEnabled,
    schedule: scheduleOf(draft),
    mode: draft.mode,
    startDate: startOf(draft),
    endsAt: fromLocal(draft.endsAt),
    tables: [...draft.tables],
    settings: Object.fromEntries(settings.filter(([, value]) => value !== null)),
    secret: filledSecret(draft),
  };
};

/** Names only what differs from the draft as it was opened: a mode that is named without having changed could begin again. */
export const updateBodyOf = (draft: Draft, opened: Draft, updatedAt: string): UpdateIntegration => {
  const has = (...names: readonly (keyof Draft)[]) => names.some((name) => JSON.stringify(draft[name]) !== JSON.stringify(opened[name]));
  const changed = kindFields[draft.kind].settings.filter(({ name }) => (draft.settings[name] ?? "") !== (opened.settings[name] ?? ""));
  const secret = filledSecret(draft);
  return {
    updatedAt,
    ...(has("name") && { name: draft.name }),
    ...(has("frequency", "cron", "timeZone") && { schedule: scheduleOf(draft) }),
    ...(has("mode") && { mode: draft.mode }),
    ...(has("mode", "startDate") && { startDate: startOf(draft) }),
    ...(has("endsAt") && { endsAt: fromLocal(draft.endsAt) }),
    ...(has("tables") && { tables: [...draft.tables] }),
    ...(changed.length > 0 && {
      settings: Object.fromEntries(changed.map((field) => [field.name, settingOf(field, draft.settings[field.name] ?? "")])),
    }),
    ...(Object.keys(secret).length > 0 && { secret }),
  };
};

const listOf = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** What the API takes for the text of a draft; null for its default. */
export const settingOf = ({ type }: Pick<SettingField, "type">, text: string): unknown => {
  switch (type) {
    case "text":
    case "choice":
      return text.trim() === "" ? null : text.trim();
    case "number":
      return text === "" ? null : Number(text);
    case "flag":
      return text === "true";
    case "flag-or-default":
      return text === "" ? null : text === "true";
    case "list":
      return listOf(text).length === 0 ? null : listOf(text);
    case "columns":
      return columnsOf(text);
    default:
      return type satisfies never;
  }
};

/** `traces: id, name` on each line. */
const columnsOf = (text: string): Record<string, string[]> | null => {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) return null;
  return Object.fromEntries(
    lines.map((line) => {
      const [table = "", columns = ""] = line.split(/:(.*)/s);
      return [table.trim(), listOf(columns)];
    }),
  );
};

/** The text of a draft for what the API says. */
export const textOf = ({ type }: Pick<SettingField, "type">, value: unknown): string => {
  if (value === null || value === undefined || (type === "flag" && value === false)) return "";
  if (type === "list" && Array.isArray(value)) return value.join(",");
  if (type === "columns" && typeof value === "object")
    return Object.entries(value)
      .map(([table, columns]) => `${table}: ${Array.isArray(columns) ? columns.join(", ") : ""}`)
      .join("\n");
  return String(value);
};
