/** JSON texts with numbers of every spelling, and the same with nothing but numbers to lose: what a store that keeps every digit gives back. */
import fc from "fast-check";

/** `text` is as somebody sends it, with white space; `compact` the same without. */
export type SpelledJson = { text: string; compact: string };

const digits = (min: number, max: number) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));

/** A number of JSON, however long, small or large. */
export const numberSpelling: fc.Arbitrary<string> = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(String),
  fc.constantFrom("-0", "0", "-0.0", "1.0", "0.10", "1e5", "1E+05", "1e400", "-1e400", "0.1e-400", "5e-324", "-1e300", "-2e300", "-5e307"),
  fc.constantFrom("9007199254740991", "9007199254740993", "18446744073709551616", "1e21", "1000000000000000000000", "0.30000000000000004"),
  fc
    .record({
      sign: fc.constantFrom("", "-"),
      whole: fc.oneof(
        fc.constant("0"),
        digits(0, 40).map((rest) => `7${rest}`),
      ),
      fraction: fc.option(digits(1, 40), { nil: undefined }),
      exponent: fc.option(
        fc.tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), digits(1, 4)).map((parts) => parts.join("")),
        { nil: undefined },
      ),
    })
    .map(({ sign, whole, fraction, exponent }) => `${sign}${whole}${fraction === undefined ? "" : `.${fraction}`}${exponent ?? ""}`),
);

const space = fc.constantFrom("", "", " ", "\n\t", "\r\n");
const key = fc.oneof(fc.constantFrom("a", "b", "id", "rawJSON", "1e999", "é", 'a"b\\', "-1e300"), fc.string().filter(isPlainKey));
const text = fc.oneof(
  fc.string(),
  numberSpelling,
  numberSpelling.map((number) => `{"a":${number},"b":[${number}]}`),
  fc.constantFrom('{"rawJSON":"1"}', '\\"1e400,', '",1e400,"', "\u0000", "[1.0"),
);

/** Numbers as keys come first in objects of JavaScript, and `__proto__` is left out over OpenTelemetry: neither is of numbers. */
function isPlainKey(name: string): boolean {
  return !/^\d+$/.test(name) && name !== "__proto__";
}

const leaf = fc.oneof(
  { weight: 3, arbitrary: numberSpelling },
  fc.constantFrom("true", "false", "null"),
  text.map((value) => JSON.stringify(value)),
);

const joined = (open: string, close: string, members: readonly SpelledJson[], around: string): SpelledJson => ({
  text: `${open}${around}${members.map((member) => member.text).join(`${around},${around}`)}${around}${close}`,
  compact: `${open}${members.map((member) => member.compact).join(",")}${close}`,
});

const { document } = fc.letrec<{ document: SpelledJson; list: SpelledJson; object: SpelledJson; leaf: SpelledJson }>((tie) => ({
  leaf: leaf.map((one) => ({ text: one, compact: one })),
  list: fc.tuple(fc.array(tie("document"), { maxLength: 4 }), space).map(([members, around]) => joined("[", "]", members, around)),
  object: fc
    .tuple(fc.uniqueArray(fc.tuple(key, tie("document")), { maxLength: 4, selector: ([name]) => name }), space)
    .map(([members, around]) =>
      joined(
        "{",
        "}",
        members.map(([name, value]) => ({
          text: `${JSON.stringify(name)}${around}:${around}${value.text}`,
          compact: `${JSON.stringify(name)}:${value.compact}`,
        })),
        around,
      ),
    ),
  document: fc.oneof({ depthSize: "small", withCrossShrink: true }, tie("leaf"), tie("list"), tie("object")),
}));

/** Any JSON. */
export const spelledJson: fc.Arbitrary<SpelledJson> = document;

/** An object with some number. */
export const spelledObject: fc.Arbitrary<SpelledJson> = fc
  .tuple(numberSpelling, spelledJson)
  .map(([number, inner]) => ({ text: `{"n":${number} ,"x": ${inner.text}}`, compact: `{"n":${number},"x":${inner.compact}}` }));
