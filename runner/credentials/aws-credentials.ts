/**
 * Loads AWS role credentials for stores without keys of their own: AWS_* variables, web identity (IRSA), container (ECS, EKS Pod Identity)
 * and instance metadata (IMDSv2), in the order of the AWS SDKs (docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html, read
 * 2026-11). Fetches them once for all requests, and again before they expire.
 */

import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { S3Credentials } from "../../core/s3/s3-config.ts";
import type { S3Deps } from "../../db/object-store/s3-client.ts";
import { elementsOf, parseXml, rootOf, textOf } from "../../db/object-store/xml.ts";

/** Environment variables that are read here. */
export const awsVariables = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_REGION",
  "AWS_ROLE_ARN",
  "AWS_ROLE_SESSION_NAME",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_ENDPOINT_URL_STS",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  "AWS_EC2_METADATA_DISABLED",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT",
] as const;
export type AwsEnvironment = Partial<Record<(typeof awsVariables)[number], string>>;

type AwsCredentialsDeps = Pick<S3Deps, "fetch"> & { readText: (path: string) => Promise<string>; nowMs: () => number };

type Found = S3Credentials & { expiresAtMs: number | null };

/** Credentials are refreshed this long before they expire, as the SDKs do. */
const refreshAheadMs = 5 * 60_000;
/** If a refresh fails, valid credentials are used this long before the next attempt. */
const retryAfterMs = 30_000;
const timeoutMs = 5000;

/** Returns whether the environment names a source. Otherwise only instance metadata is left. */
export const namesCredentials = (env: AwsEnvironment): boolean =>
  env.AWS_ACCESS_KEY_ID !== undefined ||
  env.AWS_WEB_IDENTITY_TOKEN_FILE !== undefined ||
  env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI !== undefined ||
  env.AWS_CONTAINER_CREDENTIALS_FULL_URI !== undefined;

/**
 * Throws S3_ACCESS_DENIED if there are no credentials, S3_UNAVAILABLE if their source does not respond. Concurrent callers share one
 * request.
 */
export const createAwsCredentials = (env: AwsEnvironment, deps: AwsCredentialsDeps): (() => Promise<S3Credentials>) => {
  let current: Found | undefined;
  let pending: Promise<Found> | undefined;
  let failedAtMs = Number.NEGATIVE_INFINITY;
  const isGoodFor = (milliseconds: number): boolean =>
    current !== undefined && (current.expiresAtMs === null || current.expiresAtMs - deps.nowMs() > milliseconds);
  const refresh = async (): Promise<Found> => {
    try {
      current = await findCredentials(env, deps);
      return current;
    } catch (error) {
      failedAtMs = deps.nowMs();
      throw error;
    } finally {
      pending = undefined;
    }
  };
  return async () => {
    if (current !== undefined && isGoodFor(refreshAheadMs)) return current;
    if (current !== undefined && isGoodFor(0) && deps.nowMs() - failedAtMs < retryAfterMs) return current;
    pending ??= refresh();
    try {
      return await pending;
    } catch (error) {
      if (current !== undefined && isGoodFor(0)) return current;
      throw error;
    }
  };
};

const findCredentials = (env: AwsEnvironment, deps: AwsCredentialsDeps): Promise<Found> => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env;
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return Promise.resolve({ accessKeyId, secretAccessKey, sessionToken, expiresAtMs: null });
  if (env.AWS_WEB_IDENTITY_TOKEN_FILE !== undefined && env.AWS_ROLE_ARN !== undefined)
    return fromWebIdentity(env, { file: env.AWS_WEB_IDENTITY_TOKEN_FILE, role: env.AWS_ROLE_ARN }, deps);
  if (env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI !== undefined || env.AWS_CONTAINER_CREDENTIALS_FULL_URI !== undefined)
    return fromContainer(env, deps);
  if (env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === "true")
    return Promise.reject(none("no source is named, and instance metadata is switched off"));
  return fromInstance(env, deps);
};

const none = (detail: string): AppError =>
  new AppError({
    code: "S3_ACCESS_DENIED",
    message: "The runner has no credentials for the object store: no access keys are set, and the environment provides no role.",
    detail,
  });

/** Returns the response text. `what` names the source in messages. */
const ask = async (deps: AwsCredentialsDeps, what: string, url: string, init: RequestInit): Promise<string> => {
  let response: Response;
  let text: string;
  try {
    response = await deps.fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
    text = await response.text();
  } catch (cause) {
    const detail = `${what}: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new AppError({ code: "S3_UNAVAILABLE", message: `The credentials source (${what}) does not respond.`, detail, cause });
  }
  if (response.ok) return text;
  throw new AppError({
    code: response.status >= 500 || response.status === 429 ? "S3_UNAVAILABLE" : "S3_ACCESS_DENIED",
    message: `The credentials source (${what}) responded with ${response.status}.`,
    detail: text.slice(0, 500),
  });
};

const fromWebIdentity = async (
  env: AwsEnvironment,
  { file, role }: { file: string; role: string },
  deps: AwsCredentialsDeps,
): Promise<Found> => {
  const { AWS_REGION: region = "us-east-1", AWS_ENDPOINT_URL_STS: endpoint, AWS_ROLE_SESSION_NAME: session = "spillway-runner" } = env;
  const suffix = region.startsWith("cn-") ? ".cn" : "";
  const text = await ask(deps, "web identity", endpoint ?? `https://sts.${region}.amazonaws.com${suffix}/`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    // The token file is replaced regularly, so it is read each time.
    body: new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: role,
      RoleSessionName: session,
      WebIdentityToken: (await readToken(file, deps)).trim(),
    }).toString(),
  });
  const [result] = elementsOf(rootOf(parseXml(text))?.root, "AssumeRoleWithWebIdentityResult");
  const [found] = elementsOf(result, "Credentials");
  return toFound("web identity", {
    AccessKeyId: textOf(found, "AccessKeyId"),
    SecretAccessKey: textOf(found, "SecretAccessKey"),
    Token: textOf(found, "SessionToken"),
    Expiration: textOf(found, "Expiration"),
  });
};

const readToken = async (file: string, deps: AwsCredentialsDeps): Promise<string> => {
  try {
    return await deps.readText(file);
  } catch (cause) {
    throw new AppError({
      code: "S3_ACCESS_DENIED",
      message: "The runner cannot read the token file of its role.",
      detail: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
};

/** Hosts that may be asked without TLS: the request carries the token, and these addresses never leave the host. */
const localHosts = new Set(["localhost", "127.0.0.1", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]);

const fromContainer = async (env: AwsEnvironment, deps: AwsCredentialsDeps): Promise<Found> => {
  const given =
    env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI === undefined
      ? (env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? "")
      : `http://169.254.170.2${env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI}`;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || (url.protocol !== "https:" && !(url.protocol === "http:" && localHosts.has(url.hostname))))
    throw none("AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an address of this host");
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = env;
  const authorization = file === undefined ? token : (await readToken(file, deps)).trim();
  const text = await ask(deps, "container", url.href, { headers: authorization === undefined ? {} : { authorization } });
  return toFound("container", jsonOf(text));
};

const fromInstance = async (env: AwsEnvironment, deps: AwsCredentialsDeps): Promise<Found> => {
  const base = (env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? "http://169.254.169.254").replace(/\/$/, "");
  const what = "instance metadata";
  const token = await ask(deps, what, `${base}/latest/api/token`, {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "21600" },
  });
  const headers = { "x-aws-ec2-metadata-token": token };
  const path = `${base}/latest/meta-data/iam/security-credentials/`;
  const [role = ""] = (await ask(deps, what, path, { headers })).trim().split("\n");
  return toFound(what, jsonOf(await ask(deps, what, `${path}${encodeURIComponent(role)}`, { headers })));
};

const Answer = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  Token: z.string().min(1),
  Expiration: z.string(),
});

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // The caller reports this as a response without credentials.
    return undefined;
  }
};

const toFound = (what: string, answer: unknown): Found => {
  const parsed = Answer.safeParse(answer);
  const expiresAtMs = parsed.success ? Date.parse(parsed.data.Expiration) : Number.NaN;
  if (!parsed.success || Number.isNaN(expiresAtMs))
    throw new AppError({ code: "S3_ACCESS_DENIED", message: `The credentials source (${what}) returned none.` });
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken } = parsed.data;
  return { accessKeyId, secretAccessKey, sessionToken, expiresAtMs };
};
