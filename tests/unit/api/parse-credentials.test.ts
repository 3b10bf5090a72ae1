import { describe, expect, it } from "vitest";
import { parseCredentials } from "../../../api/middleware/parse-credentials.ts";

const keys = { publicKey: "pk-lf-1", secretKey: "sk-lf-2" };
const base64 = btoa("pk-lf-1:sk-lf-2");

describe("keys in an Authorization header", () => {
  it.each<[string, string]>([
    ["as it should be", `Basic ${base64}`],
    ["in lower case, with blanks around", `  basic   ${base64} `],
    ["encoded with the line feed of echo", `Basic ${btoa("pk-lf-1:sk-lf-2\n")}`],
    ["encoded with the line end of Windows", `Basic ${btoa("pk-lf-1:sk-lf-2 \r\n")}`],
    ["in broken lines", `Basic ${base64.slice(0, 8)} ${base64.slice(8)}`],
    ["with an escaped blank", `Basic%20${base64}`],
    ["escaped as a whole", `Basic%20${base64.replaceAll("=", "%3D")}`],
  ])("%s", (_, header) => {
    expect(parseCredentials(header)).toEqual(keys);
  });

  it("of the bearer kind are a secret alone", () => {
    for (const header of ["Bearer sk-lf-2", "bearer  sk-lf-2", "Bearer%20sk-lf-2"])
      expect(parseCredentials(header)).toEqual({ publicKey: null, secretKey: "sk-lf-2" });
  });

  it.each([
    undefined,
    "",
    "Basic",
    "Basic ",
    "Bearer",
    "Basic !!!",
    `Basic ${btoa("pk-lf-1")}`,
    `Basic ${btoa(":sk")}`,
    `Digest ${base64}`,
  ])("are not in %j", (header) => {
    expect(parseCredentials(header)).toBeUndefined();
  });

  it("may have a colon in the secret", () => {
    expect(parseCredentials(`Basic ${btoa("pk:a:b")}`)).toEqual({ publicKey: "pk", secretKey: "a:b" });
  });
});
