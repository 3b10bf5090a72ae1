/** Ingestion, parsing: field schemas shared by event bodies. Each reports at most one fault per value, however large the value is. */

import { z } from "zod";
import { isRecord } from "../is-record.ts";
import type { Json } from "./event.ts";
import { utcInstant } from "./instant.ts";

const idCharactersMax = 800;

/** Makes a schema from a function that returns the value or a fault. */
export const schemaOf = <Value>(read: (input: unknown) => { value: Value } | { fault: string }) =>
  z.unknown().transform((input, context): Value => {
    const result = read(input);
    if ("value" in result) return result.value;
    context.issues.push({ code: "custom", message: result.fault, input });
    return z.NEVER;
  });

const idFault = (id: string): string | undefined => {
  if (id.length < 1 || id.length > idCharactersMax) return `ID must have 1 to ${idCharactersMax} characters`;
  if (id.includes("\r")) return "ID cannot contain carriage return characters";
  if (/\p{Cc}/u.test(id)) return "ID cannot contain control characters";
  return id.isWellFormed() ? undefined : "ID cannot contain a lone surrogate";
};

/** Id of an event or entity. It becomes part of object keys and of Postgres rows. */
export const Id = z.string().superRefine((id, context) => {
  const fault = idFault(id);
  if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
});

const referenceFault = (text: string): string | undefined => {
  if (text.length > idCharactersMax) return `must have at most ${idCharactersMax} characters`;
  return text.includes("\u0000") || !text.isWellFormed() ? "cannot contain NUL or a lone surrogate" : undefined;
};

/** Id of something the caller names freely, such as a session. An empty string means none. */
export const Reference = z
  .string()
  .superRefine((text, context) => {
    const fault = referenceFault(text);
    if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
  })
  .transform((text) => (text === "" ? null : text))
  .nullish();

/** Text with lone surrogates, which UTF-8 cannot encode, replaced by U+FFFD. */
export const Text = z.string().overwrite((text) => text.toWellFormed());

export const scoreNameCharactersMax = 1000;

/**
 * A score name, which becomes a column heading in exports. Langfuse bounds neither its length nor its characters; we refuse what no heading
 * can hold.
 */
export const ScoreNameText = Text.min(1, "must not be empty")
  .max(scoreNameCharactersMax, `must have at most ${scoreNameCharactersMax} characters`)
  .refine((name) => !/\p{Cc}/u.test(name), "must not contain control characters");

/** Normalized by utcInstant. */
export const Instant = z.iso.datetime({ offset: true, error: "must be an ISO 8601 instant with a zone" }).transform((text, context) => {
  const instant = utcInstant(text);
  if (instant !== undefined) return instant;
  context.issues.push({ code: "custom", message: "must lie between 1970-01-01 and 2149-06-07", input: text });
  return z.NEVER;
});

/** Passed through without a walk: the input was parsed from JSON. Null is a value. */
export const JsonValue = z.custom<Json>().optional();

export const TextList = schemaOf((input): { value: string[] } | { fault: string } => {
  if (!Array.isArray(input)) return { fault: "must be a list of strings" };
  const wrong = input.findIndex((item) => typeof item !== "string");
  if (wrong >= 0) return { fault: `item ${wrong} is not a text` };
  return { value: input.map((item) => String(item).toWellFormed()) };
});

/** An object of JSON values, passed through unchanged. */
export const JsonRecord = z.custom<Record<string, Json>>(isRecord, "must be an object");
