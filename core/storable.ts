/** Text and instants that Postgres can store. Anything else is refused at the edge, with the field named. */
import { z } from "zod";

/** Returns false for NUL and lone surrogates. */
export const storable = (text: string): boolean => !text.includes("\u0000") && text.isWellFormed();

/** Replaces NUL and lone surrogates with U+FFFD. */
export const storableForm = (text: string): string => text.toWellFormed().replaceAll("\u0000", "\ufffd");

/**
 * Encodes JSON for jsonb: in strings and keys, whatever jsonb refuses becomes U+FFFD. JSON.stringify escapes lone surrogates but never
 * whole pairs.
 */
export const storableJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g, (spelled) =>
    /^\\u(?:0000|d)/.test(spelled) ? "\ufffd" : spelled,
  );

export const notStorable = "must not contain NUL or broken Unicode";

/** Storable text of at most `charactersMax` UTF-16 units. */
export const storableText = (charactersMax: number) => z.string().max(charactersMax).refine(storable, notStorable);

/** Returns whether Postgres and JavaScript write the instant alike: a valid one in the years 1 to 9999 UTC. */
export const isStorableInstant = (text: string): boolean => {
  const at = new Date(text);
  return !Number.isNaN(at.getTime()) && at.getUTCFullYear() >= 1 && at.getUTCFullYear() <= 9999;
};

export const notStorableInstant = "must be an instant of the years 1 to 9999";
