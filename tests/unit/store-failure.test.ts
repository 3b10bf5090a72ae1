/** What stores answer, as their owners reported it, and what becomes of it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorTable } from "../../core/errors.ts";
import { readStoreFailure } from "../../db/object-store/store-failure.ts";
import { elementsOf, parseXml, rootOf, tag, textOf } from "../../db/object-store/xml.ts";

const xml = (code: string, message = "", more = "") =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`;

const read = (status: number, text: string, { headers = {}, sent = [] }: { headers?: Record<string, string>; sent?: string[] } = {}) =>
  readStoreFailure(
    { status, headers: new Headers(headers), text, sent: new Set(sent) },
    { variables: "LANGFUSE_S3_BATCH_EXPORT", secrets: ["AKIDEXAMPLE", "secret-key", ""] },
  );

const checksum = ["x-amz-checksum-crc32"];
const encryption = ["x-amz-server-side-encryption"];

describe("a refusal of a store", () => {
  it.each([
    [403, xml("QuotaExceeded", "Bucket quota exceeded"), [], "S3_ACCOUNT_LIMIT", "QuotaExceeded: Bucket quota exceeded"],
    [403, xml("AccountProblem", "There is a problem with your account."), [], "S3_ACCOUNT_LIMIT", "There is a problem"],
    [403, xml("RequestTimeTooSkewed"), [], "S3_CLOCK_SKEW", "RequestTimeTooSkewed"],
    [403, xml("AccessDenied", "explicit deny in a resource-based policy"), [], "S3_ACCESS_DENIED", "explicit deny"],
    [403, xml("SignatureDoesNotMatch"), [], "S3_ACCESS_DENIED", "SignatureDoesNotMatch"],
    [400, xml("ExpiredToken", "The provided token has expired."), [], "S3_ACCESS_DENIED", "has expired"],
    [403, xml("InvalidObjectState", "Archived"), [], "S3_REJECTED", "InvalidObjectState: Archived"],
    [403, "", [], "S3_ACCESS_DENIED", "answered 403"],
    [404, xml("NoSuchBucket"), [], "S3_BUCKET_NOT_FOUND", "NoSuchBucket"],
    [
      400,
      xml("InvalidArgument", "Unsupported header 'x-amz-checksum-crc32' received for this API call."),
      checksum,
      "S3_CHECKSUM_REFUSED",
      "LANGFUSE_S3_BATCH_EXPORT_CHECKSUM=none",
    ],
    [400, xml("InvalidRequest", "Checksum algorithm provided is unsupported."), checksum, "S3_CHECKSUM_REFUSED", "_CHECKSUM=none"],
    [
      501,
      xml("NotImplemented", "A header you provided implies functionality that is not implemented"),
      checksum,
      "S3_CHECKSUM_REFUSED",
      "_CHECKSUM=none",
    ],
    [501, xml("NotImplemented", "Header 'x-amz-server-side-encryption' not implemented"), encryption, "S3_ENCRYPTION_REFUSED", "_SSE"],
    [501, xml("NotImplemented"), [], "S3_REJECTED", "NotImplemented"],
    [400, xml("KMS.DisabledException", "key is disabled"), encryption, "S3_ENCRYPTION_REFUSED", "_SSE_KMS_KEY_ID"],
    [400, xml("KMS.SomethingNew"), encryption, "S3_ENCRYPTION_REFUSED", "KMS.SomethingNew"],
    [
      400,
      xml("AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-west-1'", "<Region>eu-west-1</Region>"),
      [],
      "S3_WRONG_REGION",
      "region eu-west-1: set LANGFUSE_S3_BATCH_EXPORT_REGION",
    ],
    [400, xml("AuthorizationHeaderMalformed", "the region is wrong; expecting 'eu-west-3'"), [], "S3_WRONG_REGION", "region eu-west-3"],
    [
      301,
      xml("PermanentRedirect", "", "<Endpoint>b.s3-eu-west-1.amazonaws.com</Endpoint>"),
      [],
      "S3_WRONG_REGION",
      "b.s3-eu-west-1.amazonaws.com",
    ],
  ] as const)("%i %s", (status, text, sent, code, said) => {
    const failure = read(status, text, { sent: [...sent] });
    expect(failure).toMatchObject({ code, retry: false });
    expect(failure.message).toContain(said);
    expect(errorTable[failure.code].retry).toBe("never");
  });

  it.each([
    [503, xml("SlowDown")],
    [500, xml("InternalError")],
    [500, "<html><body>nginx"],
    [400, xml("RequestTimeout")],
    [400, xml("BadDigest")],
    [429, ""],
    [200, xml("InternalError")],
    [503, xml("KMS.ThrottlingException")],
  ])("%i %s passes, and is tried again", (status, text) => {
    expect(read(status, text, { sent: checksum })).toMatchObject({ code: "S3_UNAVAILABLE", retry: true });
  });

  it("that is a redirect names the region, or where to", () => {
    expect(read(301, "", { headers: { "x-amz-bucket-region": "eu-central-1" } }).message).toContain("region eu-central-1");
    expect(read(307, "", { headers: { location: "https://b.other.example/x?X-Amz-Signature=1" } }).message).toContain(
      "on to b.other.example:",
    );
  });

  it("is quoted in one line, bounded, and without what is secret", () => {
    const { message } = read(403, xml("AccessDenied", `key AKIDEXAMPLE or secret-key &#0;\n${"x".repeat(5000)}`));
    expect(message).not.toMatch(/AKIDEXAMPLE|secret-key|\n/);
    expect(message.length).toBeLessThan(450);
  });

  it("of any text ends in a code of ours and one line", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 300, max: 599 }),
        fc.string({ unit: "binary" }),
        fc.string({ unit: "binary" }),
        (status, code, message) => {
          const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
          const failure = read(status, xml(escaped(code), escaped(message)));
          expect(failure.code).toMatch(/^S3_/);
          expect(failure.message.isWellFormed() && !failure.message.includes("\u0000") && !failure.message.includes("\n")).toBe(true);
        },
      ),
      { seed: 20261128, numRuns: 200 },
    );
  });
});

describe("XML of a store", () => {
  it.each([
    ['<?xml version="1.0" encoding="UTF-8"?>\n<R xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><UploadId>a/b</UploadId></R>', "a/b"],
    ['<ns0:R xmlns:ns0="x"><ns0:UploadId>a&#34;&#x2F;&amp;lt;&apos;b</ns0:UploadId></ns0:R>', "a\"/&lt;'b"],
    ["  \n <R><Other><UploadId>not this</UploadId></Other><UploadId>007.10</UploadId></R>", "007.10"],
    ["<R><UploadId><![CDATA[a<b]]></UploadId></R>", "a<b"],
    ["<R><UploadId/></R>", ""],
  ])("%s", (text, expected) => {
    expect(tag(text, "UploadId")).toBe(expected);
  });

  it.each([
    "",
    "not xml",
    "{}",
    "<R><UploadId>",
    '<!DOCTYPE R [<!ENTITY e SYSTEM "file:///etc/passwd">]><R><UploadId>&e;</UploadId></R>',
    '<!DOCTYPE R [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><R><UploadId>&b;</UploadId></R>',
    `${"<a>".repeat(100_000)}`,
    "<R><__proto__><UploadId>x</UploadId></__proto__></R>",
  ])("%.80s is none, or says nothing", (text) => {
    expect(tag(text, "UploadId") ?? "").toBe("");
    expect(({} as Record<string, unknown>)["UploadId"]).toBeUndefined();
  });

  it("lists a thousand keys with references in each", () => {
    const keys = Array.from({ length: 1000 }, (_, i) => `k&'"<>${i}`);
    const spelled = (key: string) =>
      key.replaceAll("&", "&amp;").replaceAll("'", "&#39;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    const text = `<L>${keys.map((key) => `<Contents><Key>${spelled(key).repeat(20)}</Key></Contents>`).join("")}</L>`;
    expect(elementsOf(rootOf(parseXml(text))?.root, "Contents").map((entry) => textOf(entry, "Key"))).toEqual(
      keys.map((key) => key.repeat(20)),
    );
  });

  it("gives back every text that was escaped", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 200 }).filter((text) => !/[\p{Cc}\ufffe\uffff]/u.test(text)),
        (text) => {
          const spelled = [...text].map((c) => (/[<>&'"]/.test(c) ? `&#${c.codePointAt(0) ?? 0};` : c)).join("");
          expect(tag(`<x:R xmlns:x="u"><x:UploadId>${spelled}</x:UploadId></x:R>`, "UploadId")).toBe(text);
        },
      ),
      { seed: 20261128, numRuns: 200 },
    );
  });
});
