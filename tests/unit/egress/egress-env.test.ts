import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseApiEnv } from "../../../api/env.ts";
import { checkOutboundUrl } from "../../../core/egress/check-outbound-url.ts";
import { egressPolicy, egressShape } from "../../../core/egress/egress-env.ts";
import { strictEgressPolicy } from "../../../core/egress/egress-policy.ts";
import { parseRunnerEnv } from "../../../runner/env.ts";

const EgressEnv = z.object(egressShape);
const policyOf = (env: Record<string, string>) => egressPolicy(EgressEnv.parse(env));
const isAllowed = (url: string, env: Record<string, string>): boolean => {
  try {
    checkOutboundUrl(url, policyOf(env));
    return true;
  } catch {
    return false;
  }
};
const needed = { DATABASE_URL: "postgres://x/y", CLICKHOUSE_URL: "http://localhost:8123" };

describe("the allow list in the environment", () => {
  it("is empty by default, of the runner and of the API", () => {
    expect(policyOf({})).toEqual(strictEgressPolicy);
    const runner = parseRunnerEnv(needed);
    expect(runner.ok && runner.config.egressPolicy).toEqual(strictEgressPolicy);
    const api = parseApiEnv({ ...needed, SALT: "s" });
    expect(api.ok && egressPolicy(api.env)).toEqual(strictEgressPolicy);
  });

  it.each([
    ["SPILLWAY_EGRESS_ALLOWED_HOSTS", " MinIO.internal. , other.internal", "https://minio.internal/"],
    ["SPILLWAY_EGRESS_ALLOWED_HOSTS", "*.minio.internal", "https://bucket.minio.internal/"],
    ["SPILLWAY_EGRESS_ALLOWED_HOSTS", "minio:9000", "https://minio:9000/"],
    ["SPILLWAY_EGRESS_ALLOWED_HOSTS", "10.0.0.5:9000", "https://10.0.0.5:9000/"],
    ["SPILLWAY_EGRESS_ALLOWED_HOSTS", "[fd00::5]:9000", "https://[fd00::5]:9000/"],
    ["SPILLWAY_EGRESS_ALLOWED_HOSTS", "fd00:0::5", "https://[fd00::5]/"],
    ["SPILLWAY_EGRESS_ALLOWED_HOSTS", "münchen.internal", "https://xn--mnchen-3ya.internal/"],
    ["SPILLWAY_EGRESS_ALLOWED_RANGES", "10.0.0.5,fd00::/8", "https://10.0.0.5/"],
    ["SPILLWAY_EGRESS_ALLOWED_RANGES", "10.0.0.5,fd00::/8", "https://[fd12::1]/"],
    ["SPILLWAY_EGRESS_ALLOWED_PORTS", "8443, 9000-9010", "https://example.com:9005/"],
    ["SPILLWAY_EGRESS_ALLOW_HTTP", "true", "http://example.com/"],
    ["LANGFUSE_BLOB_STORAGE_ENDPOINT_WHITELISTED_HOST", "minio.internal", "https://minio.internal/"],
    ["LANGFUSE_BLOB_STORAGE_ENDPOINT_WHITELISTED_IPS", "10.0.0.5,10.0.0.6", "https://10.0.0.6/"],
    ["LANGFUSE_BLOB_STORAGE_ENDPOINT_WHITELISTED_IP_SEGMENTS", "10.0.0.0/24", "https://10.0.0.7/"],
    ["LANGFUSE_WEBHOOK_WHITELISTED_HOST", "hooks.internal", "https://hooks.internal/"],
    ["LANGFUSE_WEBHOOK_WHITELISTED_IPS", "10.0.0.5", "https://10.0.0.5/"],
    ["LANGFUSE_WEBHOOK_WHITELISTED_IP_SEGMENTS", "10.0.0.0/24", "https://10.0.0.7/"],
  ])("%s=%s opens %s, which is closed without", (name, value, url) => {
    expect([isAllowed(url, {}), isAllowed(url, { [name]: value })]).toEqual([false, true]);
  });

  it("of Langfuse's names and of ours add up", () => {
    const env = { SPILLWAY_EGRESS_ALLOWED_HOSTS: "a.internal", LANGFUSE_WEBHOOK_WHITELISTED_HOST: "b.internal" };
    expect(["a", "b", "c"].map((name) => isAllowed(`https://${name}.internal/`, env))).toEqual([true, true, false]);
  });

  it.each([
    ["SPILLWAY_EGRESS_ALLOWED_HOSTS", "fine.internal,https://secret"],
    ["SPILLWAY_EGRESS_ALLOWED_HOSTS", "fine.internal,secret:99999"],
    ["SPILLWAY_EGRESS_ALLOWED_HOSTS", "fine.internal,secret/path"],
    ["SPILLWAY_EGRESS_ALLOWED_HOSTS", "fine.internal,*"],
    ["SPILLWAY_EGRESS_ALLOWED_HOSTS", "fine.internal,secret.*"],
    ["SPILLWAY_EGRESS_ALLOWED_RANGES", "10.0.0.0/8,10.0.0.1/8"],
    ["SPILLWAY_EGRESS_ALLOWED_RANGES", "10.0.0.0/8,secret"],
    ["SPILLWAY_EGRESS_ALLOWED_PORTS", "80,0"],
    ["SPILLWAY_EGRESS_ALLOWED_PORTS", "80,65536"],
    ["SPILLWAY_EGRESS_ALLOWED_PORTS", "80,90-80"],
    ["LANGFUSE_WEBHOOK_WHITELISTED_IP_SEGMENTS", "10.0.0.0/8,secret"],
  ])("%s=%s starts neither the runner nor the API; both name the entry, not its value", (name, value) => {
    for (const parsed of [parseRunnerEnv({ ...needed, [name]: value }), parseApiEnv({ ...needed, SALT: "s", [name]: value })])
      expect(parsed).toMatchObject({ ok: false, problems: [expect.stringMatching(new RegExp(`^${name}: entry 2 is not (?!.*secret)`))] });
  });
});
