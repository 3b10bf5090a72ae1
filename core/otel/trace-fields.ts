/** OpenTelemetry, mapping: what a span says about its trace, such as user, session and tags. */
import { normalizeEnvironment } from "../ingestion/environment.ts";
import type { Json } from "../ingestion/event.ts";
import { Reference } from "../ingestion/fields.ts";
import {
  environmentNames,
  langfuse,
  logfireTags,
  publicNames,
  releaseNames,
  sessionIdNames,
  tagNames,
  traceNameNames,
  traceUpdateNames,
  userIdNames,
  versionNames,
} from "./attribute-names.ts";
import { type Attributes, firstText, firstValue, isMeaningful, isTrue, toText } from "./attributes.ts";
import { firstId } from "./identity.ts";
import { type IdentityName, sessionIdRows, userIdRows } from "./identity-names.ts";
import { parseArray } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";

/** Returns whether the span carries an attribute about its trace. */
export const hasTraceUpdate = (attributes: Attributes): boolean => {
  if (traceUpdateNames.some((name) => isMeaningful(attributes.get(name)))) return true;
  for (const name of attributes.keys()) if (name.startsWith(langfuse.traceMetadata)) return true;
  return false;
};

/**
 * Adds what the resource says about the trace: user, session, tags and the like, as set by OTEL_RESOURCE_ATTRIBUTES for a command line
 * agent. For roots only: a service below must not rename the trace of another. What the span says itself takes precedence, under whichever
 * name; a session or user that the framework inferred does not.
 */
export const withResource = ({ attributes, resourceAttributes }: SpanFacts): Attributes => {
  const isSet = (name: string): boolean => isMeaningful(attributes.get(name));
  const added = traceFields.flatMap(({ names, setNames }) => {
    if (setNames.some(isSet)) return [];
    return (names.some(isSet) ? setNames : names).flatMap((name): [string, Json][] => {
      const value = resourceAttributes.get(name);
      return isMeaningful(value) ? [[name, value]] : [];
    });
  });
  return added.length === 0 ? attributes : new Map([...attributes, ...added]);
};

/** Names of each field of a trace, and those by which a span sets it explicitly. */
const traceFields = [
  ...[traceNameNames, [langfuse.traceInput], [langfuse.traceOutput], publicNames, tagNames].map((names) => ({ names, setNames: names })),
  ...[userIdRows, sessionIdRows].map((rows) => ({
    names: rows.map(({ name }) => name),
    setNames: rows.filter(({ isInferred }) => isInferred !== true).map(({ name }) => name),
  })),
];

/** Returns input and output set explicitly for the trace; each is independent of the other. */
export const traceContent = (attributes: Attributes): { input?: Json; output?: Json } => {
  const [input, output] = [attributes.get(langfuse.traceInput), attributes.get(langfuse.traceOutput)];
  return { ...(isMeaningful(input) ? { input } : {}), ...(isMeaningful(output) ? { output } : {}) };
};

export const userId = (attributes: Attributes): string | undefined => firstId(attributes, userIdNames);

const isInferred = (attributes: Attributes, rows: readonly IdentityName[]): boolean =>
  rows.find(({ name }) => isMeaningful(attributes.get(name)))?.isInferred === true;

/** Returns whether the session comes from the framework alone. */
export const isSessionInferred = (attributes: Attributes): boolean => isInferred(attributes, sessionIdRows);

/** Returns whether the user is known only by a pseudonym or a request's parameter. */
export const isUserInferred = (attributes: Attributes): boolean => isInferred(attributes, userIdRows);

/** Omits an id that the event schema would refuse: the trace is worth more than an oversized session id. */
export const sessionId = (attributes: Attributes): string | undefined => {
  const id = Reference.safeParse(firstId(attributes, sessionIdNames));
  return id.success ? (id.data ?? undefined) : undefined;
};

/** Accepts a list, a list as text in JSON or as Python prints it, comma-separated names, or one name. */
export const tags = (attributes: Attributes): string[] | undefined => {
  const name = tagNames.find((one) => isMeaningful(attributes.get(one)));
  if (name === undefined) return undefined;
  const list = tagList(attributes.get(name) ?? null)
    .filter((tag) => tag !== null)
    .map((tag) => toText(tag).trim())
    // Logfire marks every call to a model so.
    .filter((tag) => tag !== "" && !(name === logfireTags && tag === "LLM"));
  return list.length === 0 ? undefined : list;
};

const tagList = (value: Json): Json[] => {
  if (Array.isArray(value)) return value;
  if (typeof value !== "string") return isMeaningful(value) && typeof value !== "object" ? [value] : [];
  const text = value.trim();
  const printed = /^(?:\[.*\]|\(\s*['"].*\))$/s.test(text);
  const list = text.startsWith("[") ? parseArray(text) : undefined;
  return list ?? (printed ? text.slice(1, -1) : text).split(",").map(withoutQuotes);
};

/** Python prints a list as `['a', 'b']`. */
const withoutQuotes = (text: string): string => text.trim().replace(/^(['"])(.*)\1$/s, "$2");

export const isPublic = (attributes: Attributes): boolean | undefined => {
  const value = firstValue(attributes, publicNames);
  return value === undefined ? undefined : isTrue(value);
};

/** Normalizes it like a public event's environment: the events are parsed as internal ones, which are trusted. */
export const environment = ({ attributes, resourceAttributes }: SpanFacts): string => {
  for (const name of environmentNames) {
    const value = firstText(attributes, [name]) ?? firstText(resourceAttributes, [name]);
    if (value !== undefined) return normalizeEnvironment(value, { isInternal: false }) ?? "default";
  }
  return "default";
};

/** Returns the environment of a span that names one itself; its trace has it if the root names none. */
export const namedEnvironment = (facts: SpanFacts): string | undefined =>
  firstText(facts.attributes, environmentNames) === undefined ? undefined : environment(facts);

export const version = ({ attributes, resourceAttributes }: SpanFacts): string | undefined =>
  firstText(attributes, versionNames) ?? firstText(resourceAttributes, [langfuse.version, "service.version"]);

export const release = ({ attributes, resourceAttributes }: SpanFacts): string | undefined =>
  firstText(attributes, releaseNames) ?? firstText(resourceAttributes, [langfuse.release]);
