/** Documents with a secret at the place a path names, and everything around it that makes a rule miss it. Random, from a generator of numbers below 1. */
import type { PathStep } from "../../core/query/privacy/privacy.ts";
import type { Random } from "./random-from.ts";

/** Each secret is another, so that one that leaves from elsewhere is not taken for one that a rule names. */
const newSecret = (random: Random): string => `S3CR3Tx${Math.floor(random() * 1e9)}z`;
export const secretsIn = (text: string): string[] => text.match(/S3CR3Tx[0-9]+z/g) ?? [];

const below = (random: Random, bound: number): number => Math.floor(random() * bound);
const oneOf = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)] as T;

const keys = ["messages", "content", "role", "a", "b", "", "é", 'q"uote', "back\\slash", "日本", "__proto__", "x.y", "\u0000", "\u2028"];
const texts = [
  "",
  "plain",
  "a/b",
  'say "hi"',
  "c:\\temp\\",
  "line\nbreak",
  "👩‍🚀",
  "\u2028\u2029",
  "[1,2]",
  '{"a":1}',
  "null",
  "1.50",
  "\u0000",
];
const numbers = [
  "0",
  "-0",
  "1.0",
  "0.100",
  "1e5",
  "-12.50E-3",
  "18446744073709551615",
  "12345678901234567890123",
  "3.14159265358979323846",
  "1e308",
];

export const randomPath = (random: Random): PathStep[] =>
  Array.from({ length: 1 + below(random, 4) }, (): PathStep => (random() < 0.35 ? "each" : { key: oneOf(random, keys) }));

export type Style = {
  /** Spaces, line breaks and escapes that mean nothing. */
  isLoose: boolean;
  /** Values of another shape on the way, keys twice. */
  isOdd: boolean;
};

const space = (random: Random, { isLoose }: Style) => (isLoose && random() < 0.2 ? oneOf(random, [" ", "\n", "\t", "\r\n  "]) : "");

const quoted = (random: Random, text: string, style: Style): string => {
  const plain = JSON.stringify(text);
  if (!style.isLoose || random() < 0.7) return plain;
  return `"${[...text].map((c) => (c.length === 1 && random() < 0.4 ? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}` : JSON.stringify(c).slice(1, -1))).join("")}"`;
};

const anyValue = (random: Random, style: Style, depth: number): string => {
  const kind = below(random, depth > 2 ? 3 : 5);
  if (kind === 0) return quoted(random, oneOf(random, texts), style);
  if (kind === 1) return oneOf(random, numbers);
  if (kind === 2) return oneOf(random, ["true", "false", "null"]);
  const items = Array.from({ length: below(random, 3) }, () => anyValue(random, style, depth + 1));
  if (kind === 3) return `[${items.join(",")}]`;
  return `{${items.map((item) => `${quoted(random, oneOf(random, keys), style)}:${item}`).join(",")}}`;
};

const secretValue = (random: Random, style: Style): string =>
  oneOf(random, [
    (secret: string) => quoted(random, `${oneOf(random, texts)}${secret}`, { ...style, isLoose: false }),
    (secret: string) => `["${secret}",1]`,
    (secret: string) => `{"deep":"${secret}"}`,
    (secret: string) => `{"${secret}":null}`,
  ])(newSecret(random));

const document = (random: Random, steps: readonly PathStep[], style: Style): string => {
  const [step, ...rest] = steps;
  if (step === undefined) return secretValue(random, style);
  if (style.isOdd && random() < 0.12)
    return oneOf(random, [
      () => secretValue(random, style),
      () => quoted(random, document(random, steps, { isLoose: false, isOdd: false }), style),
      () => `[${document(random, steps, style)}]`,
      () => `{"content":"${newSecret(random)}","messages":"${newSecret(random)}"}`,
    ])();
  const gap = () => space(random, style);
  if (step === "each") {
    const items = Array.from({ length: 1 + below(random, 3) }, () => (random() < 0.1 ? "null" : document(random, rest, style)));
    return `[${gap()}${items.join(`${gap()},${gap()}`)}${gap()}]`;
  }
  const around = () =>
    Array.from({ length: below(random, 3) }, () => {
      const name = oneOf(random, keys);
      return `${quoted(random, name === step.key ? `${name}x` : name, style)}${gap()}:${gap()}${anyValue(random, style, 1)}`;
    });
  const own = () => `${quoted(random, step.key, style)}${gap()}:${gap()}${document(random, rest, style)}`;
  const entries = [...around(), own(), ...(style.isOdd && random() < 0.1 ? [own()] : []), ...around()];
  return `${gap()}{${gap()}${entries.join(`${gap()},${gap()}`)}${gap()}}${gap()}`;
};

/** A document as JSON writers make it. */
export const ordinaryDocument = (random: Random, steps: readonly PathStep[]): string =>
  document(random, steps, { isLoose: random() < 0.5, isOdd: false });

const pythonRepr = (json: string) => json.replaceAll('"', "'").replaceAll("null", "None").replaceAll("true", "True");

const damages: ((random: Random, json: string) => string)[] = [
  (_, json) => json,
  (_, json) => pythonRepr(json),
  (_, json) => `${json} ${json}`,
  (_, json) => `${json}\n${json}`,
  (_, json) => `\ufeff${json}`,
  (_, json) => JSON.stringify(json),
  (_, json) => `[${json}]`,
  (_, json) => `${json},`,
  (_, json) => json.replace("}", ",}"),
  (_, json) => json.replace("{", '{"n":NaN,'),
  (_, json) => json.replace("{", '{"n":1e999,'),
  (_, json) => json.replace("{", '{"n":123456789012345678901234567890,'),
  (_, json) => json.replace("{", '{"n":-Infinity,'),
  (_, json) => json.replace("{", '{"t":"\\ud83d",'),
  (_, json) => json.replace("{", '{"t":"\u0001",'),
  (_, json) => json.replace("{", '{"t":"\t\n",'),
  (_, json) => json.replace("{", '{"t":"\\x41",'),
  (_, json) => json.replace("{", "{1:2,"),
  (_, json) => json.replace("{", '{"\\ue734":1,'),
  (_, json) => json.replace("{", '{"\ue734":"\ue7342\ue734",'),
  (_, json) => json.replace("{", "/* c */{"),
  (_, json) => json.replace("{", `{"d":${"[".repeat(1100)}${"]".repeat(1100)},`),
  (_, json) => json.replace("{", `{"d":${"[".repeat(1000)}${"]".repeat(1000)},`),
  (random, json) => json.slice(0, below(random, json.length)),
  (random, json) => json.slice(below(random, json.length)),
  (random, json) => json.slice(0, json.indexOf(secretsIn(json)[0] ?? "") + 20 + below(random, 3)),
];

/** The bytes of a document, damaged in a random way or not at all. */
export const hostileDocument = (random: Random, steps: readonly PathStep[]): Uint8Array => {
  const json = document(random, steps, { isLoose: random() < 0.5, isOdd: random() < 0.5 });
  const bytes = Buffer.from(oneOf(random, damages)(random, json), random() < 0.03 ? "utf16le" : "utf8");
  const times = random() < 0.5 ? 0 : 1 + below(random, 3);
  let changed = bytes;
  for (let i = 0; i < times; i++) {
    const at = below(random, changed.length + 1);
    const put = Buffer.from([oneOf(random, [...Buffer.from('{}[]",:\\ 01n\n'), 0, 1, 2, 0xff, 0xc3, 0xed, 0xe2])]);
    changed = Buffer.concat([changed.subarray(0, at), ...(random() < 0.7 ? [put] : []), changed.subarray(at + below(random, 2))]);
  }
  return changed;
};
