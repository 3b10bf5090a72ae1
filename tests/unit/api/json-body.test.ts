import { expect, it } from "vitest";
import { isJsonType, unsafeKey } from "../../../api/middleware/json-body.ts";

it.each([
  "application/json",
  "APPLICATION/JSON",
  "application/json;charset=utf-8",
  "application/json ; charset=utf-8",
  "application/json;\tCharset=UTF-8 ; ",
  'application/json; charset="utf-8"',
  'application/json; profile="a;charset=latin1"; charset=utf8',
  "application/x+json",
  "application/vnd.API.v1_2+JSON",
  "model/gltf+json",
])("%s is JSON", (type) => {
  expect(isJsonType(type)).toBe(true);
});

it.each([
  "",
  "json",
  "text/plain",
  "text/json",
  "application/jsonp",
  "application/json+xml",
  "application/+json",
  "application/json, application/json",
  "application/json charset=utf-8",
  "application/json; charset",
  "application/json; charset=",
  "application/json; charset=iso-8859-1",
  'application/json; charset="utf-16"',
  "application/json; charset=utf-8; charset=latin1",
  'application/json; profile="open',
])("%s is not", (type) => {
  expect(isJsonType(type)).toBe(false);
});

it.each([
  ['{"metadata":{"__proto__":"x"}}', "metadata.__proto__"],
  ['{"query":{"filter":[{},{"\\u005f_proto__":{}}]}}', "query.filter[1].__proto__"],
  ['[{"__proto__":1}]', "[0].__proto__"],
])("%s has a key that cannot be used", (text, path) => {
  expect(unsafeKey(JSON.parse(text))?.path).toBe(path);
});

it("other keys can be used, however deep they are", () => {
  expect(unsafeKey(JSON.parse('{"constructor":{"prototype":"__proto__"}}'))).toBeUndefined();
  expect(unsafeKey(JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`))).toBeUndefined();
});
