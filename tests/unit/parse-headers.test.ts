import { describe, expect, it } from "vitest";
import { parseHeaders } from "../../core/telemetry/parse-headers.ts";

describe("headers of OTLP", () => {
  it.each<[string, Record<string, string>]>([
    ["", {}],
    [" , ", {}],
    ["authorization=Bearer%20a%3Db", { authorization: "Bearer a=b" }],
    ["a=1, b = 2 ,c=", { a: "1", b: "2", c: "" }],
    ["key=a=b", { key: "a=b" }],
  ])("%j", (text, headers) => expect(parseHeaders(text)).toEqual({ ok: true, headers }));

  it.each(["secret", "=secret", "na me=secret", "a=b,x=%zz-secret", "a=secret%0d%0ab: c"])(
    "%j is refused by its place, without its text",
    (text) => {
      const parsed = parseHeaders(text);
      expect(parsed).toMatchObject({ ok: false });
      expect(JSON.stringify(parsed)).not.toContain("secret");
    },
  );
});
