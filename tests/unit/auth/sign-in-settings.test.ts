/** Variables of sign-in: what a Worker refuses to start with, by name and never by value. */
import { describe, expect, it } from "vitest";
import { parseApiEnv } from "../../../api/env.ts";
import { signInMail } from "../../../core/auth/mail-text.ts";

const engines = { DATABASE_URL: "postgres://nobody@127.0.0.1/x", CLICKHOUSE_URL: "http://127.0.0.1:1", SALT: "salt" };
const problemsWith = (env: Record<string, string>): string[] => {
  const parsed = parseApiEnv({ ...engines, ...env });
  return parsed.ok ? [] : parsed.problems;
};
const oidc = { AUTH_CUSTOM_ISSUER: "https://login.example.com", AUTH_CUSTOM_CLIENT_ID: "id", AUTH_CUSTOM_CLIENT_SECRET: "secret" };

describe("sign-in", () => {
  it("travels encrypted, except on this machine", () => {
    for (const url of ["https://spillway.example.com", "http://127.0.0.1:8787", "http://localhost:8787", "http://[::1]:1"]) {
      expect(problemsWith({ SPILLWAY_PUBLIC_URL: url })).toEqual([]);
      expect(problemsWith({ ...oidc, AUTH_CUSTOM_ISSUER: url })).toEqual([]);
    }
    for (const url of ["http://spillway.example.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://localhost.example.com"]) {
      expect(problemsWith({ SPILLWAY_PUBLIC_URL: url })).toEqual([expect.stringMatching(/^SPILLWAY_PUBLIC_URL: must begin with https/)]);
      expect(problemsWith({ ...oidc, AUTH_CUSTOM_ISSUER: url })).toEqual([
        expect.stringMatching(/^AUTH_CUSTOM_ISSUER: must begin with https/),
      ]);
    }
    expect(problemsWith({ SPILLWAY_PUBLIC_URL: "ftp://spillway.example.com" })).toHaveLength(1);
  });

  it("at a provider needs its client and openid", () => {
    expect(problemsWith({ AUTH_CUSTOM_ISSUER: "https://login.example.com", AUTH_CUSTOM_SCOPE: "email" })).toEqual([
      "AUTH_CUSTOM_CLIENT_ID: needed because AUTH_CUSTOM_ISSUER is set",
      "AUTH_CUSTOM_CLIENT_SECRET: needed because AUTH_CUSTOM_ISSUER is set",
      "AUTH_CUSTOM_SCOPE: must name openid",
    ]);
  });

  it("operators are named in any case", () => {
    const parsed = parseApiEnv({ ...engines, SPILLWAY_OPERATORS: " Ada@Example.com ,,grace@example.com" });
    expect(parsed).toMatchObject({ env: { SPILLWAY_OPERATORS: ["ada@example.com", "grace@example.com"] } });
  });
});

it("names in mails are data: they make no markup, and no lines of their own in the subject", () => {
  const hostile = 'Evil"><script>alert(1)</script>\r\nBcc: x@example.com';
  const { subject, html } = signInMail({
    userName: null,
    invitation: { organizationName: hostile, role: "VIEWER", inviterName: hostile },
    link: "https://spillway.example/sign-in/verify?token=t",
    expiresAt: "2026-12-01T10:00:00Z",
  });
  expect(subject).not.toMatch(/[\r\n]/);
  expect(html).not.toContain("<script>");
});
