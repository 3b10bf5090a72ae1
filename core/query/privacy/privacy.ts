/**
 * Privacy rules of an export: what SQL drops, hashes or masks, so that it never leaves ClickHouse. A path is `input`, `metadata.email` or
 * `input.messages[*].content`. Hashes are SipHash-2-4-128 with a key of the project: equal values stay equal within a project, and cannot
 * be guessed without the key. A field to which a rule cannot be applied reliably is replaced as a whole (hide-paths.ts).
 */
import { z } from "zod";
import { storableText } from "../../storable.ts";
import type { ColumnKind } from "../tables/table.ts";

const privacyActions = ["drop", "hash", "mask"] as const;
export type PrivacyAction = (typeof privacyActions)[number];

export const PrivacyRule = z.strictObject({
  /** A column, or a column with a path into its JSON: `.key`, `["any key"]`, and `[*]` for every element. */
  path: storableText(500).min(1),
  action: z.enum(privacyActions),
});
export type PrivacyRule = z.infer<typeof PrivacyRule>;

export const mask = "[masked]";
/** Replaces a field to which a rule could not be applied reliably. */
export const withheld = "[withheld]";

export type PathStep = { key: string } | "each";

/** Splits a path; returns undefined if it is not one. */
export const parsePath = (path: string): { column: string; steps: PathStep[] } | undefined => {
  const start = /^[A-Za-z_][A-Za-z0-9_]*/.exec(path);
  if (start === null) return undefined;
  const steps: PathStep[] = [];
  let rest = path.slice(start[0].length);
  while (rest !== "") {
    const each = /^\[\*\]/.exec(rest);
    const plain = /^\.([^.[\]"]+)/.exec(rest);
    const quoted = /^\[("(?:[^"\\]|\\.)*")\]/.exec(rest);
    const found = each ?? plain ?? quoted;
    if (found === null) return undefined;
    if (each !== null) steps.push("each");
    else if (plain !== null) steps.push({ key: plain[1] ?? "" });
    else {
      try {
        steps.push({ key: JSON.parse(quoted?.[1] ?? "") as string });
      } catch {
        // An invalid escape makes the path invalid.
        return undefined;
      }
    }
    rest = rest.slice(found[0].length);
  }
  return { column: start[0], steps };
};

export type Bind = (type: string, value: unknown) => string;

/** Binds the two halves of the project's hash key. */
const hashed = (text: string): string =>
  `lower(hex(sipHash128ReferenceKeyed((toUInt64({hashKey0:UInt64}), toUInt64({hashKey1:UInt64})), ${text})))`;

/** Returns the SQL of a hashed or masked text. */
export const hiddenText = (action: "hash" | "mask", text: string): string => (action === "mask" ? `'${mask}'` : hashed(text));

/** Hashes or masks a whole column as text. Missing values stay missing. */
export const hideColumn = (sql: string, kind: ColumnKind, nullable: boolean, action: "hash" | "mask"): string => {
  const text = kind === "text" || kind === "string" || kind === "json" || kind === "document" ? `ifNull(${sql}, '')` : `toString(${sql})`;
  const isAbsent = nullable && !kind.includes("<") ? `isNull(${sql})` : `empty(${text})`;
  return `if(${isAbsent}, ${nullable ? "NULL" : "''"}, ${hiddenText(action, text)})`;
};
