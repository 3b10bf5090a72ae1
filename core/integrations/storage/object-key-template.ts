/**
 * Names of delivered objects. A key is a function of project, table, window and file alone, never of the attempt: whoever delivers a window
 * again writes the same keys.
 */
import type { FieldError } from "../../errors.ts";

/** Langfuse's layout: one object for each table and window. */
export const langfuseTemplate = "{prefix}{project}/{table}/{window}.{ext}";
/** Partitions that DuckDB, Spark, Athena and BigQuery find by the names of folders. */
export const hiveTemplate = "{prefix}table={table}/date={yyyy}-{MM}-{dd}/hour={HH}/{project}-{window}.{ext}";

const timeParts = ["yyyy", "MM", "dd", "HH"] as const;
const placeholders = ["prefix", "project", "table", ...timeParts, "window", "run", "file", "ext"] as const;
type Placeholder = (typeof placeholders)[number];

/** S3 allows 1,024 bytes in a key; values of placeholders and the prefix need the rest. */
const templateCharactersMax = 300;
const prefixCharactersMax = 400;

/** Safe in a key, and no wildcard of an engine that reads it. */
const plainCharacters = /^[A-Za-z0-9!_.'()=,@+$:; /-]*$/;
const plainCharactersText = "letters, digits, spaces and !_.'()=,@+$:;/-";

export type KeyParts = {
  /** Empty, or ends in a slash. */
  prefix: string;
  projectId: string;
  table: string;
  /** Half-open, ISO 8601 UTC with up to six decimals. */
  window: { start: string; end: string };
  /** Id of the window's run. Deliveries of the same window share it. */
  runId: string;
  /** Index of the file from 0 if the table is split in this window; null if it has one file. */
  file: number | null;
  /** Extension without a leading dot, such as `jsonl.gz`. */
  extension: string;
};

/**
 * Formats an instant for a key: `2026-01-31T10-00-00`, as Langfuse does. An instant between two seconds has its decimals as well
 * (`2026-01-31T10-00-00.500000`), because otherwise two windows could share a key.
 */
export const windowStamp = (instant: string): string => {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/.exec(instant);
  if (found === null) throw new Error(`${JSON.stringify(instant)} is not an instant in UTC.`);
  const [, seconds = "", decimals = ""] = found;
  const stamp = seconds.replaceAll(":", "-");
  return /[1-9]/.test(decimals) ? `${stamp}.${decimals.padEnd(6, "0")}` : stamp;
};

/** Builds the key of a file. A template without `{file}` gets the number of a split file before the extension. */
export const deliveredObjectKey = (template: string, parts: KeyParts): string => {
  const number = String((parts.file ?? 0) + 1).padStart(4, "0");
  const start = windowStamp(parts.window.start);
  const values: Record<Placeholder, string> = {
    prefix: parts.prefix,
    project: parts.projectId,
    table: parts.table,
    // Of the start: a daily window from the 5th to the 6th holds what was written on the 5th, and readers who ask for that day prune to it.
    yyyy: start.slice(0, 4),
    MM: start.slice(5, 7),
    dd: start.slice(8, 10),
    HH: start.slice(11, 13),
    window: windowStamp(parts.window.end),
    run: parts.runId,
    file: number,
    ext: parts.extension,
  };
  const numbered = parts.file === null || template.includes("{file}") ? template : template.replace(/\.\{ext\}$/, () => "-{file}.{ext}");
  return numbered.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (isPlaceholder(name) ? values[name] : whole));
};

/** Builds the key of a window's manifest, which is Langfuse's. */
export const manifestKey = ({ prefix, projectId, window }: Pick<KeyParts, "prefix" | "projectId" | "window">): string =>
  `${prefix}${projectId}/manifests/${windowStamp(window.end)}.json`;

const isPlaceholder = (name: string): name is Placeholder => placeholders.some((one) => one === name);

/**
 * Checks a template when it is saved. An accepted one gives different keys for different tables, windows and files of the integration.
 * Time parts alone do not tell windows apart: a manual run may end a window early, so two can begin within one hour.
 */
export const templateFaults = (template: string, path = "keyTemplate"): FieldError[] => {
  const names = [...template.matchAll(/\{([^{}]*)\}/g)].map(([, name = ""]) => name);
  const literal = template.replaceAll(/\{[^{}]*\}/g, "");
  const unknown = names.find((name) => !isPlaceholder(name));
  const segments = template.replace("{prefix}", "").split("/");
  const messages: (string | false)[] = [
    template.length > templateCharactersMax && `must have at most ${templateCharactersMax} characters`,
    unknown !== undefined && `has the unknown placeholder {${unknown}}; known: ${placeholders.map((name) => `{${name}}`).join(", ")}`,
    /[{}]/.test(literal) && "has a brace that belongs to no placeholder",
    !plainCharacters.test(literal) && `may have ${plainCharactersText} between its placeholders, and no control characters`,
    template.startsWith("/") && "must not begin with a slash",
    !template.startsWith("/") && segments.some((segment) => segment === "") && "must not have an empty folder; the prefix ends in a slash",
    segments.some((segment) => /^\.{1,2}$/.test(segment)) && "must not have a folder named `.` or `..`",
    names.indexOf("prefix") !== names.lastIndexOf("prefix") && "must name {prefix} once at most",
    names.includes("prefix") && !template.startsWith("{prefix}") && "must have {prefix} at its beginning",
    !names.includes("prefix") && "must begin with {prefix}, which keeps objects where the settings say",
    !names.includes("table") && "must have {table}, or the files of two tables would have the same key",
    !template.endsWith(".{ext}") && "must end in .{ext}, by which readers recognise format and compression",
    names.indexOf("ext") !== names.lastIndexOf("ext") && "must name {ext} once",
    hasAdjacentValues(template) && "must have a character between {table}, {project}, {window}, {run} and {file}",
    !names.includes("window") &&
      !names.includes("run") &&
      "must have {window} or {run}, or the files of two windows would have the same key",
  ];
  return messages.flatMap((message) => (message === false ? [] : [{ path, message: `The template ${message}.` }]));
};

/** Checks the folder that all keys of an integration begin with: what engines would take for a wildcard cannot be in it. */
export const prefixFaults = (prefix: string, path = "prefix"): FieldError[] => {
  const segments = prefix.split("/").slice(0, -1);
  const messages: (string | false)[] = [
    prefix !== "" && !prefix.endsWith("/") && "must be empty or end in a slash",
    prefix.length > prefixCharactersMax && `must have at most ${prefixCharactersMax} characters`,
    !plainCharacters.test(prefix) && `may have ${plainCharactersText}, and no control characters`,
    segments.some((segment) => segment === "") && "must not begin with a slash or have an empty folder",
    segments.some((segment) => /^\.{1,2}$/.test(segment)) && "must not have a folder named `.` or `..`",
  ];
  return messages.flatMap((message) => (message === false ? [] : [{ path, message: `The prefix ${message}.` }]));
};

/** Values of varying length beside each other could not be told apart. */
const hasAdjacentValues = (template: string): boolean => {
  const fixed = new Set<string>(timeParts);
  return [...template.matchAll(/\{(\w+)\}(?=\{(\w+)\})/g)].some(
    ([, left = "", right = ""]) => left !== "prefix" && !(fixed.has(left) && fixed.has(right)),
  );
};
