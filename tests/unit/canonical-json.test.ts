import { expect, it } from "vitest";
import { canonicalJson } from "../../core/canonical-json.ts";

const of = (text: string) => canonicalJson(JSON.parse(text));

it.each([
  ["keys in another order", '{"b":1,"a":{"d":[1,{"y":2,"x":3}],"c":null}}', '{"a":{"c":null,"d":[1,{"x":3,"y":2}]},"b":1}'],
  ["another spelling of numbers", '{"a":[1.0,1e2,-0,0.10]}', '{"a":[1,100,0,0.1]}'],
  ["another spelling of text", '{"\\u0061":"\\u00e9\\/"}', '{"a":"é/"}'],
  ["keys that look like numbers", '{"b":1,"10":2,"9":3}', '{"9":3,"b":1,"10":2}'],
  ["__proto__ among the keys", '{"b":1,"__proto__":{"z":1,"a":2}}', '{"__proto__":{"a":2,"z":1},"b":1}'],
])("%s is the same text", (_name, one, other) => {
  expect(of(one)).toBe(of(other));
});

it.each([
  ["the order of a list", "[1,2]", "[2,1]"],
  ["a text and a number", '{"a":1}', '{"a":"1"}'],
  ["null and nothing", '{"a":null}', "{}"],
  ["what is in __proto__", '{"__proto__":{"a":1}}', '{"__proto__":{"a":2}}'],
])("%s makes another text", (_name, one, other) => {
  expect(of(one)).not.toBe(of(other));
});

it("is JSON of the same value, and leaves undefined out as JSON does", () => {
  expect(canonicalJson({ b: [undefined, 1], a: undefined, "ü\u0000": "\ud800" })).toBe('{"b":[null,1],"ü\\u0000":"\\ud800"}');
});
