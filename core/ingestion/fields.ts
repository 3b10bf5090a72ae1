/** Schemas of the fields that bodies of events share. None gives more than one fault for a value, however large it is. */

import { z } from "zod";
import { isRecord } from "../is-record.ts";
import type { Json } from "./event.ts";
import { utcInstant } from "./instant.ts";

export const idCharactersMax = 800;

/** A schema from a function that gives the value or says what is wrong. */
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
  return id.isWellFormed() ? undefined : "ID cannot contain half of a surrogate pair";
};

/** What names an event or an entity: part of object keys and of rows in Postgres. */
export const Id = z.string().superRefine((id, context) => {
  const fault = idFault(id);
  if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
});

const referenceFault = (text: string): string | undefined => {
  if (text.length > idCharactersMax) return `must have at most ${idCharactersMax} characters`;
  return text.includes("\u0000") || !text.isWellFormed() ? "cannot contain NUL or half of a surrogate pair" : undefined;
};

/** Names something of another kind, such as a session, whose names are the caller's; empty text names nothing. */
export const Reference = z
  .string()
  .superRefine((text, context) => {
    const fault = referenceFault(text);
    if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
  })
  .transform((text) => (text === "" ? null : text))
  .nullish();

/** Text as it is, but for halves of surrogate pairs, which UTF-8 cannot spell: they become U+FFFD. */
export const Text = z.string().overwrite((text) => text.toWellFormed());

export const scoreNameCharactersMax = 1000;

/** Names a score: the heading of a column in exports. Langfuse bounds neither length nor characters; what no heading can hold is refused, whatever else is taken. */
export const ScoreNameText = Text.min(1, "must not be empty")
  .max(scoreNameCharactersMax, `must have at most ${scoreNameCharactersMax} characters`)
  .refine((name) => !/\p{Cc}/u.test(name), "must not contain control characters");

/** See utcInstant for what becomes of it. */
export const Instant = z.iso.datetime({ offset: true, error: "must be an ISO 8601 instant with a zone" }).transform((text, context) => {
  const instant = utcInstant(text);
  if (instant !== undefined) return instant;
  context.issues.push({ code: "custom", message: "must lie between 1900-01-01 and 2262-01-01", input: text });
  return z.NEVER;
});

/** Passed on as it is and never walked: what was parsed from JSON is JSON. Null is a value. */
export const JsonValue = z.custom<Json>().optional();

export const TextList = schemaOf((input): { value: string[] } | { fault: string } => {
  if (!Array.isArray(input)) return { fault: "must be a list of texts" };
  const wrong = input.findIndex((item) => typeof item !== "string");
  if (wrong >= 0) return { fault: `item ${wrong} is not a text` };
  return { value: input.map((item) => String(item).toWellFormed()) };
});

/** A record of JSON values, passed on as it is. */
export const JsonRecord = z.custom<Record<string, Json>>(isRecord, "must be an object");
