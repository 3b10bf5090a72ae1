/** Text and instants Postgres can store: what it refuses is refused at the edge, with the field named. */
import { z } from "zod";

/** No NUL, no half of a surrogate pair. */
export const storable = (text: string): boolean => !text.includes("\u0000") && text.isWellFormed();

/** What of a text can be stored: NUL and halves of surrogate pairs become U+FFFD. */
export const storableForm = (text: string): string => text.toWellFormed().replaceAll("\u0000", "\ufffd");

/** JSON that jsonb takes: what it refuses in texts and keys becomes U+FFFD. JSON.stringify escapes halves of surrogate pairs, and nothing else of theirs. */
export const storableJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g, (spelled) =>
    /^\\u(?:0000|d)/.test(spelled) ? "\ufffd" : spelled,
  );

export const notStorable = "must not contain NUL or broken Unicode";

/** Storable text of at most so many UTF-16 units. */
export const storableText = (charactersMax: number) => z.string().max(charactersMax).refine(storable, notStorable);

/** Whether Postgres and JavaScript write this instant alike: one that exists, in the years 1 to 9999 of UTC. */
export const isStorableInstant = (text: string): boolean => {
  const at = new Date(text);
  return !Number.isNaN(at.getTime()) && at.getUTCFullYear() >= 1 && at.getUTCFullYear() <= 9999;
};

export const notStorableInstant = "must be an instant of the years 1 to 9999";
