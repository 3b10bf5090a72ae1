/** Checks an integration as a whole: settings and secret by the schema of its kind, schedule, tables, dates and addresses. */
import type { z } from "zod";
import { AppError, type FieldError } from "../errors.ts";
import type { IntegrationKind, SyncMode } from "./integration.ts";
import { kindEntry } from "./kinds/index.ts";
import type { FieldAddress } from "./kinds/kind.ts";
import { jitterSeconds, type Schedule, scheduleProblems } from "./schedule.ts";

/** What a caller wants an integration to be. */
type WantedIntegration = {
  id: string;
  kind: IntegrationKind;
  name: string;
  enabled: boolean;
  schedule: Schedule;
  mode: SyncMode;
  /** ISO 8601. */
  startDate: string | null;
  endsAt: string | null;
  tables: readonly string[];
  settings: Record<string, unknown>;
};

/** An integration that fits the rules, as it is stored. */
export type CheckedIntegration = Omit<WantedIntegration, "startDate" | "endsAt" | "tables" | "schedule"> &
  Schedule & { startsAt: Date | null; endsAt: Date | null; tables: string[]; jitterSeconds: number };

export type CheckDeps = {
  nowMs: number;
  /** Returns why requests must not go to this address; undefined if they may. */
  checkAddress: (url: string) => string | undefined;
  /** Returns what is wrong with a template of object keys. */
  checkKeyTemplate: (template: string) => string | undefined;
};

/** A custom start may lie so far ahead, because its day may have begun in another time zone. */
const startAheadMsMax = 27 * 3_600_000;

/** Throws INVALID_REQUEST with every field that is wrong. `modeStartMs`: where FROM_TODAY begins. */
export const checkIntegration = (deps: CheckDeps, wanted: WantedIntegration, modeStartMs: number): CheckedIntegration => {
  const entry = kindEntry(wanted.kind);
  const { startDate, endsAt, tables, schedule, ...same } = wanted;
  const problems: FieldError[] = scheduleProblems(schedule, deps.nowMs).map(under("schedule"));
  const parsed = entry.settings.safeParse(withoutNulls(wanted.settings));
  if (parsed.success) {
    problems.push(...entry.problems(parsed.data, tables).map(under("settings")));
    problems.push(...addressProblems(deps, entry.addresses(parsed.data)).map(under("settings")));
    const { keyTemplate } = parsed.data;
    const problem = typeof keyTemplate === "string" ? deps.checkKeyTemplate(keyTemplate) : undefined;
    if (problem !== undefined) problems.push({ path: "settings.keyTemplate", message: problem });
  } else problems.push(...fieldProblems(parsed.error, "settings"));
  const unknown = tables.findIndex((table, index) => !entry.tables.includes(table) || tables.indexOf(table) !== index);
  if (unknown >= 0) problems.push({ path: `tables[${unknown}]`, message: `must be one of ${entry.tables.join(", ")}, each once` });
  problems.push(...dateProblems(wanted, deps.nowMs));
  if (problems.length > 0 || !parsed.success) throw new AppError({ code: "INVALID_REQUEST", fields: problems });
  return {
    ...same,
    ...schedule,
    settings: parsed.data,
    tables: [...tables],
    startsAt: startOf(wanted.mode, startDate, modeStartMs),
    endsAt: endsAt === null ? null : new Date(endsAt),
    jitterSeconds: jitterSeconds(wanted.id, schedule, deps.nowMs),
  };
};

/** Checks a secret by its kind. `stored` fills in fields that are left out or blank. Throws INVALID_REQUEST. */
export const checkSecret = (
  kind: IntegrationKind,
  given: Record<string, unknown>,
  stored: Record<string, string> = {},
): Record<string, string> => {
  const kept = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null && value !== ""));
  const parsed = kindEntry(kind).secret.safeParse({ ...stored, ...kept });
  if (parsed.success) return parsed.data;
  throw new AppError({ code: "INVALID_REQUEST", fields: fieldProblems(parsed.error, "secret") });
};

/** Null asks for the default of a field. */
const withoutNulls = (settings: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null && value !== undefined));

const under =
  (parent: string) =>
  ({ path, message }: FieldError): FieldError => ({ path: `${parent}.${path}`, message });

const addressProblems = ({ checkAddress }: CheckDeps, addresses: readonly FieldAddress[]): FieldError[] =>
  addresses.flatMap(({ path, url }) => {
    const message = checkAddress(url);
    return message === undefined ? [] : [{ path, message }];
  });

const dateProblems = ({ mode, startDate, endsAt }: WantedIntegration, nowMs: number): FieldError[] => {
  const found: FieldError[] = [];
  if (mode === "FROM_CUSTOM_DATE" && startDate === null)
    found.push({ path: "startDate", message: "must be given with the mode FROM_CUSTOM_DATE" });
  if (mode !== "FROM_CUSTOM_DATE" && startDate !== null)
    found.push({ path: "startDate", message: "goes only with the mode FROM_CUSTOM_DATE" });
  if (startDate !== null && Date.parse(startDate) > nowMs + startAheadMsMax)
    found.push({ path: "startDate", message: "must not lie more than 27 hours ahead" });
  if (startDate !== null && endsAt !== null && Date.parse(endsAt) <= Date.parse(startDate))
    found.push({ path: "endsAt", message: "must be later than startDate" });
  return found;
};

const startOf = (mode: SyncMode, startDate: string | null, modeStartMs: number): Date | null => {
  if (mode === "FULL_HISTORY") return null;
  return new Date(mode === "FROM_TODAY" || startDate === null ? modeStartMs : startDate);
};

const fieldProblems = (error: z.ZodError, parent: string): FieldError[] =>
  error.issues.flatMap((issue) => {
    const path = issue.path.reduce<string>((text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}.${String(key)}`), parent);
    return issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: `${path}.${key}`, message: "Unknown field." }))
      : [{ path, message: issue.message }];
  });
