import { describe, expect, it } from "vitest";
import { checkOutboundUrl } from "../../../core/egress/check-outbound-url.ts";
import { type EgressPolicy, strictEgressPolicy } from "../../../core/egress/egress-policy.ts";
import { parseRange } from "../../../core/egress/ip-address.ts";
import { AppError } from "../../../core/errors.ts";
import { hostileUrls } from "../../support/hostile-urls.ts";

const refusal = (url: string, policy: EgressPolicy = strictEgressPolicy): AppError => {
  try {
    checkOutboundUrl(url, policy, "settings.endpoint");
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error(`${url} is accepted`);
};
const rangesOf = (...texts: string[]) => texts.map(parseRange).filter((range) => range !== undefined);

describe("hostile URLs", () => {
  // Any port and http, so that only the host is in question.
  const open: EgressPolicy = { ...strictEgressPolicy, allowsHttp: true, ports: [[1, 65_535]] };

  it("are more than sixty, each once", () => {
    expect(new Set(hostileUrls.map(({ url }) => url)).size).toBe(hostileUrls.length);
    expect(hostileUrls.length).toBeGreaterThan(60);
  });

  it.each(hostileUrls)("$url is refused with $code, naming field and reason", ({ url, code }) => {
    const error = refusal(url.replace("PORT", "8080"), open);
    expect(error).toMatchObject({ code, fields: [{ path: "settings.endpoint", message: error.message }] });
    expect(error.message).toMatch(/^[A-Z].{15,}\.$/);
    expect(JSON.stringify({ ...error, message: error.message })).not.toMatch(/secret|127\.0|8080/);
  });

  it.each(hostileUrls)("$url is refused under the strict policy with https, too", ({ url }) => {
    refusal(url.replace(/^http:/i, "https:").replace(":PORT", ""));
  });
});

describe("a public URL", () => {
  it.each([
    ["https://s3.eu-central-1.amazonaws.com", "https://s3.eu-central-1.amazonaws.com/"],
    ["https://Bucket.Example.COM./a/B?c=D", "https://bucket.example.com/a/B?c=D"],
    ["https://example.com:443/", "https://example.com/"],
    ["https://example.com:80/", "https://example.com:80/"],
    ["https://8.8.8.8/", "https://8.8.8.8/"],
    ["https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"],
    ["https://münchen.example/", "https://xn--mnchen-3ya.example/"],
    ["https://my_bucket.s3.example.com/", "https://my_bucket.s3.example.com/"],
    ["https://localhost.example.com/", "https://localhost.example.com/"],
    ["https://notinternal.com/", "https://notinternal.com/"],
    ["https://123.example.com/", "https://123.example.com/"],
  ])("%s is accepted as %s", (text, href) => {
    expect(checkOutboundUrl(text, strictEgressPolicy).href).toBe(href);
  });

  it.each([22, 25, 6379, 8080, 8443, 9000])("at port %i is blocked", (port) => {
    expect(refusal(`https://example.com:${port}/`).code).toBe("EGRESS_BLOCKED");
  });

  it("by http is invalid unless http is allowed", () => {
    expect(refusal("http://example.com/").code).toBe("EGRESS_INVALID_URL");
    expect(checkOutboundUrl("http://example.com/", { ...strictEgressPolicy, allowsHttp: true }).href).toBe("http://example.com/");
  });
});

describe("the operator's allow list", () => {
  const policy = (more: Partial<EgressPolicy>): EgressPolicy => ({ ...strictEgressPolicy, ...more });

  it("opens a host by name, in any case and with a dot at its end, and no other", () => {
    const allowed = policy({ hosts: [{ name: "minio.internal", port: null }] });
    for (const url of ["https://minio.internal/", "https://MinIO.internal./"])
      expect(checkOutboundUrl(url, allowed).href).toBe("https://minio.internal/");
    for (const host of ["other.internal", "a.minio.internal", "xminio.internal", "minio.internal.internal"])
      expect(refusal(`https://${host}/`, allowed).code).toBe("EGRESS_BLOCKED");
  });

  it("opens all names below a wildcard, not the name itself", () => {
    const allowed = policy({ hosts: [{ name: "*.minio.internal", port: null }] });
    expect(checkOutboundUrl("https://a.b.minio.internal/", allowed).host).toBe("a.b.minio.internal");
    for (const host of ["minio.internal", "evilminio.internal"]) expect(refusal(`https://${host}/`, allowed).code).toBe("EGRESS_BLOCKED");
  });

  it("opens a port for one host, or for all", () => {
    const one = policy({ hosts: [{ name: "minio.internal", port: 9000 }] });
    expect(checkOutboundUrl("https://minio.internal:9000/", one).port).toBe("9000");
    for (const url of ["https://minio.internal:9001/", "https://minio.internal/", "https://example.com:9000/"])
      expect(refusal(url, one).code).toBe("EGRESS_BLOCKED");
    const all = policy({ ports: [[9000, 9010]] });
    expect(checkOutboundUrl("https://example.com:9010/", all).port).toBe("9010");
    for (const port of [8999, 9011]) expect(refusal(`https://example.com:${port}/`, all).code).toBe("EGRESS_BLOCKED");
    expect(refusal("https://127.0.0.1:9000/", all).code).toBe("EGRESS_BLOCKED");
  });

  it("opens literal addresses by range, in every notation", () => {
    const allowed = policy({ ranges: rangesOf("10.1.0.0/16", "fd00::/64") });
    for (const host of ["10.1.2.3", "0x0a010203", "[::ffff:10.1.2.3]", "[fd00::5]"]) checkOutboundUrl(`https://${host}/`, allowed);
    for (const host of ["10.2.0.1", "[::ffff:10.2.0.1]", "[::10.1.2.3]", "[fd00:0:0:1::5]", "127.0.0.1"])
      expect(refusal(`https://${host}/`, allowed).code).toBe("EGRESS_BLOCKED");
  });

  it("does not open private IPv4 addresses behind an allowed NAT64 prefix", () => {
    const allowed = policy({ ranges: rangesOf("64:ff9b::/96") });
    checkOutboundUrl("https://[64:ff9b::8.8.8.8]/", allowed);
    for (const v4 of ["10.0.0.1", "127.0.0.1", "169.254.169.254"])
      expect(refusal(`https://[64:ff9b::${v4}]/`, allowed).code).toBe("EGRESS_BLOCKED");
    checkOutboundUrl("https://[64:ff9b::10.0.0.1]/", policy({ ranges: rangesOf("64:ff9b::/96", "10.0.0.0/8") }));
  });

  it("does not open credentials in the URL", () => {
    const allowed = policy({ hosts: [{ name: "minio.internal", port: null }] });
    const error = refusal("https://user:secret@minio.internal/", allowed);
    expect(error.code).toBe("EGRESS_INVALID_URL");
    expect(error.message).not.toContain("secret");
  });
});
