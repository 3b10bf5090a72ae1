/** Sources of credentials as AWS describes them, answered by a server of the test. */
import { createServer } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AwsEnvironment, createAwsCredentials } from "../../runner/credentials/aws-credentials.ts";

type Asked = { method: string; url: string; headers: Record<string, unknown>; body: string };
type Given = { status: number; text: string };

let base: string;
let stop: () => void;
let asked: Asked[] = [];
let answer: (asked: Asked) => Given;
let nowMs = 0;

beforeAll(
  () =>
    new Promise<void>((resolve) => {
      const server = createServer((incoming, outgoing) => {
        let body = "";
        incoming.on("data", (chunk: Buffer) => {
          body += chunk.toString();
        });
        incoming.on("end", () => {
          const one = { method: incoming.method ?? "", url: incoming.url ?? "", headers: incoming.headers, body };
          asked.push(one);
          const { status, text } = answer(one);
          outgoing.writeHead(status).end(text);
        });
      });
      stop = () => {
        server.closeAllConnections();
        server.close();
      };
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        base = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
        resolve();
      });
    }),
);
afterAll(() => stop());
beforeEach(() => {
  asked = [];
  nowMs = Date.UTC(2026, 0, 1);
});

const files: Record<string, string> = { "/token": "jwt\n", "/authorization": "Bearer x\n" };
const open = (env: AwsEnvironment) =>
  createAwsCredentials(env, {
    fetch,
    readText: (path) => (files[path] === undefined ? Promise.reject(new Error("ENOENT")) : Promise.resolve(files[path])),
    nowMs: () => nowMs,
  });

const hours = (count: number) => new Date(Date.UTC(2026, 0, 1) + count * 3_600_000).toISOString();
const asJson = (id: string, expiration = hours(1)) =>
  JSON.stringify({ Code: "Success", AccessKeyId: id, SecretAccessKey: "s", Token: "t", Expiration: expiration });
const keys = (id: string) => ({ accessKeyId: id, secretAccessKey: "s", sessionToken: "t" });

describe("a role", () => {
  it("of the environment's variables needs nobody", async () => {
    expect(await open({ AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" })()).toMatchObject(keys("a"));
    expect(asked).toEqual([]);
  });

  it("by web identity is taken from STS, with the token as it is in its file now", async () => {
    answer = () => ({
      status: 200,
      text: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>w</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${hours(1)}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    });
    const credentials = open({ AWS_WEB_IDENTITY_TOKEN_FILE: "/token", AWS_ROLE_ARN: "arn:aws:iam::1:role/r", AWS_ENDPOINT_URL_STS: base });
    expect(await credentials()).toMatchObject(keys("w"));
    expect(Object.fromEntries(new URLSearchParams(asked[0]?.body))).toMatchObject({
      Action: "AssumeRoleWithWebIdentity",
      RoleArn: "arn:aws:iam::1:role/r",
      WebIdentityToken: "jwt",
    });
  });

  it("of a container is taken with its token", async () => {
    answer = () => ({ status: 200, text: asJson("c") });
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${base}/creds`, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/authorization" };
    expect(await open(env)()).toMatchObject(keys("c"));
    expect(asked).toMatchObject([{ url: "/creds", headers: { authorization: "Bearer x" } }]);
  });

  it("of a container is not asked for beyond this host without TLS", async () => {
    const credentials = open({ AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://example.com/creds", AWS_CONTAINER_AUTHORIZATION_TOKEN: "x" });
    await expect(credentials()).rejects.toMatchObject({ code: "S3_ACCESS_DENIED" });
  });

  it("of an instance is taken by a session of the metadata service", async () => {
    answer = ({ url, method, headers }) => {
      if (method === "PUT") return { status: 200, text: "session" };
      if (headers["x-aws-ec2-metadata-token"] !== "session") return { status: 401, text: "" };
      return { status: 200, text: url.endsWith("/security-credentials/") ? "my-role\n" : asJson(url.endsWith("/my-role") ? "i" : "wrong") };
    };
    expect(await open({ AWS_EC2_METADATA_SERVICE_ENDPOINT: base })()).toMatchObject(keys("i"));
  });

  it.each([
    [{ AWS_EC2_METADATA_DISABLED: "true" }, "S3_ACCESS_DENIED"],
    [{ AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1" }, "S3_UNAVAILABLE"],
    [{ AWS_WEB_IDENTITY_TOKEN_FILE: "/nowhere", AWS_ROLE_ARN: "r" }, "S3_ACCESS_DENIED"],
  ])("that is nowhere is said so: %j", async (env, code) => {
    await expect(open(env)()).rejects.toMatchObject({ code });
  });

  it.each([
    [200, "{}", "S3_ACCESS_DENIED"],
    [200, "<html>", "S3_ACCESS_DENIED"],
    [403, "no", "S3_ACCESS_DENIED"],
    [500, "later", "S3_UNAVAILABLE"],
  ])("answered with %i %s is %s", async (status, text, code) => {
    answer = () => ({ status, text });
    await expect(open({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${base}/c` })()).rejects.toMatchObject({ code });
  });
});

describe("credentials that end", () => {
  it("are asked for once by many at a time, kept, and asked for anew before they end", async () => {
    let made = 0;
    answer = () => ({ status: 200, text: asJson(`k${++made}`, hours(made)) });
    const credentials = open({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${base}/c` });
    const first = await Promise.all(Array.from({ length: 20 }, () => credentials()));
    expect(new Set(first.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(["k1"]));
    nowMs += 50 * 60_000;
    expect((await credentials()).accessKeyId).toBe("k1");
    nowMs += 6 * 60_000;
    expect((await credentials()).accessKeyId).toBe("k2");
    expect(asked).toHaveLength(2);
  });

  it("are used to their end while their source does not answer, and no longer", async () => {
    answer = () => ({ status: 200, text: asJson("k") });
    const credentials = open({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${base}/c` });
    await credentials();
    answer = () => ({ status: 500, text: "" });
    nowMs += 57 * 60_000;
    expect((await credentials()).accessKeyId).toBe("k");
    expect((await credentials()).accessKeyId).toBe("k");
    expect(asked).toHaveLength(2);
    nowMs += 4 * 60_000;
    await expect(credentials()).rejects.toMatchObject({ code: "S3_UNAVAILABLE" });
  });
});
