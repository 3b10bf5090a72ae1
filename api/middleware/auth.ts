/** Who is calling: an API key (Basic or Bearer), which alone decides the project; or an administrator. */
import type { MiddlewareHandler } from "hono";
import { effectiveScopes, type Scope } from "../../core/auth/scopes.ts";
import { isSameSecret } from "../../core/auth/secret-hash.ts";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import type { HashSecret } from "../../services/tenants/audited-insert.ts";
import { findKeyByHash, markKeyUsed } from "../../services/tenants/find-key.ts";
import type { AppEnv, Identify } from "../deps.ts";

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

/** Codes of a request without a valid key. */
export const keyCodes = ["UNAUTHENTICATED", "API_KEY_EXPIRED"] as const satisfies readonly ErrorCode[];

/** Sets actor and scopes, or answers 401. */
export const authenticate = (identify: Identify): MiddlewareHandler<AppEnv> =>
  async function authenticate(c, next) {
    const { actor, scopes, isUseStale } = await identify(c, c.get("db"));
    c.set("actor", actor);
    c.set("scopes", scopes);
    if (isUseStale && actor.apiKeyId !== null) await markKeyUsed(c.get("db"), actor.apiKeyId);
    await next();
  };

/** The public key, when sent, must belong to the secret. */
export const identifyBy =
  (hashSecret: HashSecret): Identify =>
  async (c, db) => {
    const credentials = parseCredentials(c.req.header("authorization"));
    if (credentials === undefined) throw new AppError({ code: "UNAUTHENTICATED" });
    const key = await findKeyByHash(db, await hashSecret(credentials.secretKey));
    if (key === undefined || (credentials.publicKey !== null && credentials.publicKey !== key.publicKey))
      throw new AppError({ code: "UNAUTHENTICATED" });
    if (key.isExpired) throw new AppError({ code: "API_KEY_EXPIRED" });
    const actor = {
      projectId: key.projectId,
      organizationId: key.organizationId,
      userId: key.userId,
      apiKeyId: key.id,
      role: key.role,
      requestId: c.get("requestId"),
      ipAddress: c.req.header("cf-connecting-ip") ?? null,
    };
    return { actor, scopes: effectiveScopes(key.scopes, key.role), isUseStale: key.isUseStale, publicKey: key.publicKey };
  };

/** Codes of a request whose key may not do this. */
export const requireScopeCodes = ["FORBIDDEN_SCOPE"] as const satisfies readonly ErrorCode[];

/** Refuses a key that has none of the scopes. */
export const requireScope = (...anyOf: [Scope, ...Scope[]]): MiddlewareHandler<AppEnv> =>
  async function requireScope(c, next) {
    assertScope(c.get("scopes"), ...anyOf);
    await next();
  };

export const assertScope = (scopes: readonly Scope[], ...anyOf: [Scope, ...Scope[]]): void => {
  if (!anyOf.some((scope) => scopes.includes(scope)))
    throw new AppError({ code: "FORBIDDEN_SCOPE", message: `This needs the scope ${anyOf.join(" or ")}.` });
};

/** Codes of a request without the admin key. */
export const requireAdminCodes = ["UNAUTHENTICATED"] as const satisfies readonly ErrorCode[];

/** Null: there is no administrator, and everybody is refused. */
export const requireAdmin = (adminApiKey: string | null): MiddlewareHandler<AppEnv> =>
  async function requireAdmin(c, next) {
    const [scheme = "", value = ""] = (c.req.header("authorization") ?? "").split(/ +/, 2);
    if (adminApiKey === null || !/^bearer$/i.test(scheme) || !(await isSameSecret(value, adminApiKey)))
      throw new AppError({ code: "UNAUTHENTICATED" });
    await next();
  };
