/**
 * Applies privacy rules inside JSON documents, as SQL. It fails closed: the result is built from what ClickHouse parsed, never from the
 * original with patches.
 * The whole field becomes `[withheld]` if ClickHouse cannot parse it (isValidJSON: broken JSON, NaN, raw control characters, lone
 * surrogates, bytes that are not UTF-8, over 1,024 levels, anything before or after the document), or if its shape differs from the rule's,
 * such as text or an object where the path has `[*]`.
 * A path that is absent, null or empty in a parsed document leaves it unchanged. All duplicates of a key are treated alike.
 * Numbers keep their digits: simdjson refuses those beyond 64 bits and rounds others, so they are parsed as marked strings. Measured on
 * ClickHouse 26.7.
 */
import { bindOnce } from "../bind-once.ts";
import { validUtf8 } from "../valid-utf8.ts";
import { type Bind, hiddenText, mask, withheld as withheldText } from "./privacy.ts";
import type { PrivacyTree } from "./privacy-tree.ts";

/** Whether a field of the row was withheld, for any reason and by reason. SQL booleans. */
export type Withheld = { any: string; notJson: string; otherShape: string };
type Hidden = { sql: string; withheld: Withheld };

/**
 * Control characters mark the state of a field, because JSON written by ClickHouse contains none: the field is not JSON; a part of it was
 * withheld in place; it has another shape; its numbers are not marked.
 */
const notJson = "'\\x01'";
const partWithheld = "'\\x02'";
const otherShape = "'\\x03'";
const unmarked = "'\\x04'";

/** Marks numbers parsed as strings: U+E734, a private-use character. */
const mark = "\\xEE\\x9C\\xB4";
/** Replace an escaped backslash and an escaped quote while strings are located. */
const [backslash, quote] = ["'\\x01'", "'\\x02'"];
const number = "-?(0|[1-9][0-9]*)(\\\\.[0-9]+)?([eE][+-]?[0-9]+)?";

/** Texts that already contain one of our marks keep their numbers unmarked and are parsed unchanged. */
const holdsMark = (text: string) => `multiSearchAny(${text}, ['\\x01', '\\x02', '${mark}', '\\\\ue734', '\\\\uE734'])`;

/** Turns numbers outside strings into marked strings. Split at quotes, every second part is a string. */
const markNumbers = (text: string): string => {
  const pieces = `splitByChar('"', replaceAll(replaceAll(${text}, '\\\\\\\\', ${backslash}), '\\\\"', ${quote}))`;
  const marked = `arrayMap((piece, i) -> if(i % 2 = 1 AND match(piece, '[0-9]'), replaceRegexpAll(piece, '${number}', '"${mark}\\\\0${mark}"'), piece), pieces, arrayEnumerate(pieces))`;
  return `replaceAll(replaceAll(arrayStringConcat(arrayMap(pieces -> ${marked}, [${pieces}])[1], '"'), ${quote}, '\\\\"'), ${backslash}, '\\\\\\\\')`;
};

const unmarkNumbers = (text: string) => `replaceAll(replaceAll(${text}, '"${mark}', ''), '${mark}"', '')`;

/** A number in place of a key is invalid JSON, but would be valid with its marks. */
const isJson = (text: string) => `isValidJSON(${text}) AND NOT match(${text}, '${mark}"[ \\\\t\\\\r\\\\n]*:')`;

const isEmpty = (value: string) =>
  `JSONType(${value}) = 'Null' OR (JSONType(${value}) IN ('Array', 'Object') AND JSONLength(${value}) = 0)`;

/** Text of a value that a rule names. A string is hashed by its content, everything else by its JSON text. */
const leaf = (value: string, action: "hash" | "mask"): string =>
  action === "mask"
    ? `'"${mask}"'`
    : `toJSONString(${hiddenText(action, `replaceAll(if(JSONType(${value}) = 'String', JSONExtractString(${value}), ${value}), '${mark}', '')`)})`;

type Context = {
  bind: Bind /** Values this deep are fields of their own: withheld alone. 0: the document is one field. */;
  fieldDepth: number;
};

/** JSON text of a parsed value with the rules of `tree` applied. */
const rewrite = (value: string, tree: PrivacyTree, depth: number, context: Context): string => {
  if (tree.action === "hash" || tree.action === "mask") return leaf(value, tree.action);
  const branches: string[] = [];
  const one = `v${depth}`;
  if (tree.keys.size > 0) branches.push(`JSONType(${value}) = 'Object', ${rewriteObject(value, one, tree, depth, context)}`);
  if (tree.each?.action === "drop") branches.push(`JSONType(${value}) = 'Array', '[]'`);
  else if (tree.each !== null) {
    const elements = `arrayMap(${one} -> ${rewrite(one, tree.each, depth + 1, context)}, JSONExtractArrayRaw(${value}))`;
    branches.push(`JSONType(${value}) = 'Array', concat('[', arrayStringConcat(${elements}, ','), ']')`);
  }
  const text = `multiIf(${isEmpty(value)}, ${value}, ${branches.join(", ")}, ${otherShape})`;
  return depth > 0 && depth === context.fieldDepth
    ? `arrayMap(field -> if(position(field, ${otherShape}) > 0, ${partWithheld}, field), [${text}])[1]`
    : text;
};

const rewriteObject = (value: string, one: string, tree: PrivacyTree, depth: number, context: Context): string => {
  const names = [...tree.keys].map(([key, child]) => ({ name: context.bind("String", key), child }));
  const dropped = names.filter(({ child }) => child.action === "drop").map(({ name }) => `${one}.1 != ${name}`);
  const changed = names
    .filter(({ child }) => child.action !== "drop")
    .map(({ name, child }) => `${one}.1 = ${name}, ${rewrite(`${one}.2`, child, depth + 1, context)}, `);
  const entries = `JSONExtractKeysAndValuesRaw(${value})`;
  const kept = dropped.length === 0 ? entries : `arrayFilter(${one} -> ${dropped.join(" AND ")}, ${entries})`;
  const text = changed.length === 0 ? `${one}.2` : `multiIf(${changed.join("")}${one}.2)`;
  return `concat('{', arrayStringConcat(arrayMap(${one} -> concat(toJSONString(${one}.1), ':', ${text}), ${kept}), ','), '}')`;
};

/** Applies the rules to a document. The result still has its marks. */
const rewriteText = (text: string, tree: PrivacyTree, context: Context): string => {
  const body = `if(${isJson("doc")}, ${rewrite("doc", tree, 0, context)}, ${notJson})`;
  const parsed = `arrayMap(doc -> ${body}, [if(${holdsMark(text)}, ${text}, ${markNumbers(text)})])[1]`;
  return `if(${text} = '', '', concat(if(${holdsMark(text)}, ${unmarked}, ''), ${parsed}))`;
};

/** Each expression mentions the text once, because it is long. */
const isNotJson = (text: string) => `(position(${text}, ${notJson}) > 0)`;
const hasOtherShape = (text: string) => `match(${text}, '[\\x02\\x03]')`;
const isWithheld = (text: string) => `match(${text}, '[\\x01-\\x03]')`;
const flagsOf = (flag: (test: (text: string) => string) => string): Withheld => ({
  any: flag(isWithheld),
  notJson: flag(isNotJson),
  otherShape: flag(hasOtherShape),
});
const never: Withheld = { any: "0", notJson: "0", otherShape: "0" };

/** Turns the result of `rewriteText` into the text of the file. */
const finish = (text: string, { isDocument }: { isDocument: boolean }): string => {
  const whole = isDocument ? `'"${withheldText}"'` : `'${withheldText}'`;
  const patched = isDocument ? `replaceAll(${text}, ${partWithheld}, '"${withheldText}"')` : text;
  return `multiIf(${isNotJson(text)} OR position(${text}, ${otherShape}) > 0, ${whole}, startsWith(${text}, ${unmarked}), substring(${patched}, 2), ${unmarkNumbers(patched)})`;
};

/**
 * Applies rules to a column of JSON text. In a column that is a list of rows, such as comments or nested observations, each value of a row
 * is a field of its own.
 */
export const hideInJson = (
  sql: string,
  tree: PrivacyTree,
  { bind, nullable, isDocument }: { bind: Bind; nullable: boolean; isDocument: boolean },
): Hidden => {
  const context = { bind, fieldDepth: isDocument && tree.each !== null ? 2 : 0 };
  const rewritten = `arrayMap(t -> ${rewriteText("t", tree, context)}, [ifNull(${sql}, '')])[1]`;
  const text = `arrayMap(r -> ${finish("r", { isDocument })}, [${rewritten}])[1]`;
  return {
    sql: nullable ? `if(isNull(${sql}), NULL, ${text})` : text,
    withheld: flagsOf((test) => test(rewritten)),
  };
};

/** Applies rules to a list of texts that may each contain JSON. */
export const hideInList = (sql: string, tree: PrivacyTree, bind: Bind): Hidden => {
  const { each } = tree;
  if (each === null)
    return {
      sql: `arrayMap(r -> '${withheldText}', ${sql})`,
      withheld: { ...never, any: `notEmpty(${sql})`, otherShape: `notEmpty(${sql})` },
    };
  if (each.action === "drop") return { sql: "CAST([], 'Array(String)')", withheld: never };
  if (each.action !== null) return { sql: `arrayMap(r -> ${hiddenText(each.action, "r")}, ${sql})`, withheld: never };
  const rewritten = `arrayMap(t -> ${rewriteText("t", each, { bind, fieldDepth: 0 })}, ${sql})`;
  return {
    sql: `arrayMap(r -> ${finish("r", { isDocument: false })}, ${rewritten})`,
    withheld: flagsOf((test) => `arrayExists(r -> ${test("r")}, ${rewritten})`),
  };
};

/** The key `k` as the file shows it, which repairs bytes that are not UTF-8: a rule may name what somebody has read there. */
const keyNamed = (key: string): string => (key.includes("\ufffd") ? validUtf8("toString(k)") : "k");

/** Applies rules to a map of texts: hides or drops keys, and paths inside the JSON of a value. Each value is a field of its own. */
export const hideInMap = (sql: string, tree: PrivacyTree, bind: Bind): Hidden => {
  const entries = [...tree.keys].map(([key, child]) => ({ isNamed: `${keyNamed(key)} = ${bind("String", key)}`, child }));
  const dropped = entries.filter(({ child }) => child.action === "drop").map(({ isNamed }) => `NOT ${isNamed}`);
  const changed = entries.filter(({ child }) => child.action !== "drop");
  const texts = changed.map(({ isNamed, child }) => {
    const text = child.action === "hash" || child.action === "mask" ? hiddenText(child.action, "v") : undefined;
    return `${isNamed}, ${text ?? rewriteText("v", child, { bind, fieldDepth: 0 })}, `;
  });
  const kept = dropped.length === 0 ? sql : `mapFilter((k, v) -> ${dropped.join(" AND ")}, ${sql})`;
  const rewritten = changed.length === 0 ? kept : `mapApply((k, v) -> (k, multiIf(${texts.join("")}v)), ${kept})`;
  const opened = changed.filter(({ child }) => child.action === null).map(({ isNamed }) => isNamed);
  if (opened.length === 0) return { sql: rewritten, withheld: never };
  const isOpened = `(${opened.join(" OR ")})`;
  return {
    sql: `mapApply((k, v) -> (k, if(${isOpened}, ${finish("v", { isDocument: false })}, v)), ${rewritten})`,
    withheld: flagsOf((test) =>
      bindOnce(rewritten, "m", (m) => `arrayExists((k, v) -> ${isOpened} AND ${test("v")}, mapKeys(${m}), mapValues(${m}))`),
    ),
  };
};
