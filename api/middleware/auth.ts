/** Who is calling: an API key (Basic or Bearer), which alone decides the project; or an administrator. */
import type { MiddlewareHandler } from "hono";
import { effectiveScopes, type Scope } from "../../core/auth/scopes.ts";
import { hashSecret, isSameSecret } from "../../core/auth/secret-hash.ts";
import { AppError } from "../../core/errors.ts";
import { findKeyByHash, markKeyUsed } from "../../db/queries/api-keys.ts";
import type { AppDeps, AppEnv } from "../deps.ts";

type Credentials = { publicKey: string | null; secretKey: string };

const parseCredentials = (header: string | undefined): Credentials | undefined => {
  const [scheme = "", value = ""] = (header ?? "").split(/ +/, 2);
  if (/^bearer$/i.test(scheme) && value !== "") return { publicKey: null, secretKey: value };
  if (!/^basic$/i.test(scheme)) return undefined;
  try {
    const [publicKey = "", secretKey = ""] = atob(value).split(/:(.*)/s, 2);
    return publicKey === "" || secretKey === "" ? undefined : { publicKey, secretKey };
  } catch {
    // Not base64: the same as no credentials.
    return undefined;
  }
};

/** Sets actor and scopes, or answers 401. The public key, when sent, must belong to the secret. */
export const authenticate = (deps: AppDeps): MiddlewareHandler<AppEnv> =>
  async function authenticate(c, next) {
    const credentials = parseCredentials(c.req.header("authorization"));
    if (credentials === undefined) throw new AppError({ code: "UNAUTHENTICATED" });
    const key = await findKeyByHash(c.get("db"), await hashSecret(credentials.secretKey, deps.salt));
    if (key === undefined || (credentials.publicKey !== null && credentials.publicKey !== key.publicKey))
      throw new AppError({ code: "UNAUTHENTICATED" });
    if (key.isExpired) throw new AppError({ code: "API_KEY_EXPIRED" });
    c.set("actor", {
      projectId: key.projectId,
      organizationId: key.organizationId,
      userId: key.userId,
      apiKeyId: key.id,
      role: key.role,
      requestId: c.get("requestId"),
      ipAddress: c.req.header("cf-connecting-ip") ?? null,
    });
    c.set("scopes", effectiveScopes(key.scopes, key.role));
    if (key.isUseStale) await markKeyUsed(c.get("db"), key.id);
    await next();
  };

/** Refuses a key without the scope. */
export const requireScope = (scope: Scope): MiddlewareHandler<AppEnv> =>
  async function requireScope(c, next) {
    if (!c.get("scopes").includes(scope)) throw new AppError({ code: "FORBIDDEN_SCOPE", message: `This needs the scope ${scope}.` });
    await next();
  };

export const requireAdmin = (deps: AppDeps): MiddlewareHandler<AppEnv> =>
  async function requireAdmin(c, next) {
    const [scheme = "", value = ""] = (c.req.header("authorization") ?? "").split(/ +/, 2);
    if (deps.adminApiKey === null || !/^bearer$/i.test(scheme) || !(await isSameSecret(value, deps.adminApiKey)))
      throw new AppError({ code: "UNAUTHENTICATED" });
    await next();
  };
