/** Who is calling: an API key (Basic or Bearer), which alone decides the project; or an administrator. */
import type { Context, MiddlewareHandler } from "hono";
import { effectiveScopes, type Scope } from "../../core/auth/scopes.ts";
import { hashSecret, isSameSecret } from "../../core/auth/secret-hash.ts";
import { AppError } from "../../core/errors.ts";
import { findKeyByHash, markKeyUsed } from "../../services/tenants/api-keys.ts";
import type { AppDeps, AppEnv, Database, Principal } from "../deps.ts";

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

/** Sets actor and scopes, or answers 401. */
export const authenticate = (deps: AppDeps): MiddlewareHandler<AppEnv> =>
  async function authenticate(c, next) {
    const { actor, scopes, isUseStale } = await identify(c, deps, c.get("db"));
    c.set("actor", actor);
    c.set("scopes", scopes);
    if (isUseStale && actor.apiKeyId !== null) await markKeyUsed(c.get("db"), actor.apiKeyId);
    await next();
  };

/** Who sends this request, as the database knows the key now. The public key, when sent, must belong to the secret. Throws UNAUTHENTICATED and API_KEY_EXPIRED. */
export const identify = async (
  c: Context<AppEnv>,
  deps: AppDeps,
  db: Database,
): Promise<Principal & { isUseStale: boolean; publicKey: string }> => {
  const credentials = parseCredentials(c.req.header("authorization"));
  if (credentials === undefined) throw new AppError({ code: "UNAUTHENTICATED" });
  const key = await findKeyByHash(db, await hashSecret(credentials.secretKey, deps.salt));
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

export const requireAdmin = (deps: AppDeps): MiddlewareHandler<AppEnv> =>
  async function requireAdmin(c, next) {
    const [scheme = "", value = ""] = (c.req.header("authorization") ?? "").split(/ +/, 2);
    if (deps.adminApiKey === null || !/^bearer$/i.test(scheme) || !(await isSameSecret(value, deps.adminApiKey)))
      throw new AppError({ code: "UNAUTHENTICATED" });
    await next();
  };
