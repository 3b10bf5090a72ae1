/**
 * Privacy at export: columns, keys of maps and paths in JSON documents that are dropped, hashed or masked, in the SQL itself: what is hidden never leaves ClickHouse.
 * A path is `input.messages[*].content` or `metadata.email`. Hashes are SipHash-2-4-128 with a key of the project: equal values stay equal within a project, and cannot be guessed without the key.
 */
import { z } from "zod";
import { storableText } from "../storable.ts";
import type { ColumnKind } from "../tables/table.ts";

export const privacyActions = ["drop", "hash", "mask"] as const;

export const PrivacyRule = z.strictObject({
  /** A column, or a column with a path into its JSON: `.key`, `["any key"]` and `[*]` for every element. */
  path: storableText(500).min(1),
  action: z.enum(privacyActions),
});
export type PrivacyRule = z.infer<typeof PrivacyRule>;

export const mask = "[masked]";

export type PathStep = { key: string } | "each";

/** Splits a path; undefined when it is not one. */
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
        // A bad escape: the same as a path that cannot be read.
        return undefined;
      }
    }
    rest = rest.slice(found[0].length);
  }
  return { column: start[0], steps };
};

export type Bind = (type: string, value: unknown) => string;

/** The two halves of the project's hash key, bound with every query that hashes. */
const hashed = (text: string): string =>
  `lower(hex(sipHash128ReferenceKeyed((toUInt64({hashKey0:UInt64}), toUInt64({hashKey1:UInt64})), ${text})))`;

const hidden = (action: "hash" | "mask", text: string): string => (action === "mask" ? `'${mask}'` : hashed(text));

/** A whole column, hashed or masked, as text; absent values stay absent. */
export const hideColumn = (sql: string, kind: ColumnKind, nullable: boolean, action: "hash" | "mask"): string => {
  const text = kind === "text" || kind === "string" || kind === "json" || kind === "document" ? `ifNull(${sql}, '')` : `toString(${sql})`;
  const isAbsent = nullable && !kind.includes("<") ? `isNull(${sql})` : `empty(${text})`;
  return `if(${isAbsent}, ${nullable ? "NULL" : "''"}, ${hidden(action, text)})`;
};

/** One key of a map of texts. */
export const hideKey = (map: string, key: string, action: PrivacyRule["action"], bind: Bind): string => {
  const p = bind("String", key);
  return action === "drop"
    ? `mapFilter((k, v) -> k != ${p}, ${map})`
    : `mapApply((k, v) -> (k, if(k = ${p}, ${hidden(action, "v")}, v)), ${map})`;
};

/** A path inside a JSON document; text that is no JSON, and documents without the path, stay as they are. */
export const hidePath = (sql: string, steps: readonly PathStep[], action: PrivacyRule["action"], bind: Bind): string =>
  `if(ifNull(isValidJSON(${sql}), 0), ${rewrite(`assumeNotNull(${sql})`, steps, action, bind, 0)}, ${sql})`;

const rewrite = (sql: string, steps: readonly PathStep[], action: PrivacyRule["action"], bind: Bind, depth: number): string => {
  const [step, ...rest] = steps;
  if (step === undefined) {
    // A string is hashed by its content, everything else by its spelling.
    const content = `if(JSONType(${sql}) = 'String', JSONExtractString(${sql}), ${sql})`;
    return action === "hash" ? `toJSONString(${hashed(content)})` : `toJSONString('${mask}')`;
  }
  const v = `v${depth}`;
  const isDropped = action === "drop" && rest.length === 0;
  if (step === "each") {
    const elements = `JSONExtractArrayRaw(${sql})`;
    const inner = isDropped ? "CAST([], 'Array(String)')" : `arrayMap(${v} -> ${rewrite(v, rest, action, bind, depth + 1)}, ${elements})`;
    return `if(JSONType(${sql}) = 'Array', concat('[', arrayStringConcat(${inner}, ','), ']'), ${sql})`;
  }
  const p = bind("String", step.key);
  const entries = `JSONExtractKeysAndValuesRaw(${sql})`;
  const kept = isDropped ? `arrayFilter(${v} -> ${v}.1 != ${p}, ${entries})` : entries;
  const value = isDropped ? `${v}.2` : `if(${v}.1 = ${p}, ${rewrite(`${v}.2`, rest, action, bind, depth + 1)}, ${v}.2)`;
  return `if(JSONType(${sql}) = 'Object', concat('{', arrayStringConcat(arrayMap(${v} -> concat(toJSONString(${v}.1), ':', ${value}), ${kept}), ','), '}'), ${sql})`;
};
