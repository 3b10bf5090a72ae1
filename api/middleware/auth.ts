/**
 * Identifies the caller: a program by its API key (Basic or Bearer), which alone decides the project, a person by a session, or an
 * administrator.
 */
import type { MiddlewareHandler } from "hono";
import { effectiveScopes, type Scope } from "../../core/auth/scopes.ts";
import { isSameSecret } from "../../core/auth/secret-hash.ts";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import { limitsOf } from "../../core/limits/plans.ts";
import type { HashSecret } from "../../services/tenants/audited-insert.ts";
import { findKeyByHash, markKeyUsed } from "../../services/tenants/find-key.ts";
import type { AppEnv, Identify } from "../deps.ts";
import { loadSession, sessionCodes } from "./identify-session.ts";
import { parseCredentials } from "./parse-credentials.ts";

/** Error codes of requests without a valid key. */
export const keyCodes = ["UNAUTHENTICATED", "API_KEY_EXPIRED"] as const satisfies readonly ErrorCode[];

/** Sets the actor and scopes of the request, or responds with 401. */
export const authenticate = (identify: Identify): MiddlewareHandler<AppEnv> =>
  async function authenticate(c, next) {
    const { actor, scopes, markUsed, plan, quotaOverrides } = await identify(c, c.get("db"));
    c.set("actor", actor);
    c.set("scopes", scopes);
    c.set("quotaLimits", limitsOf(plan ?? c.get("defaultPlan"), quotaOverrides ?? {}));
    await markUsed?.();
    await next();
  };

/** With an Authorization header the cookie is ignored. */
export const identifyBy =
  (byKey: Identify, bySession: Identify): Identify =>
  (c, db) =>
    c.req.header("authorization") === undefined ? bySession(c, db) : byKey(c, db);

/** If a public key is sent, it must belong to the secret key. */
export const identifyKey =
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
      traceparent: c.get("span").traceparent,
      ipAddress: c.req.header("cf-connecting-ip") ?? null,
    };
    const { publicKey, plan, quotaOverrides } = key;
    const markUsed = key.isUseStale ? () => markKeyUsed(db, key.id) : null;
    return { actor, scopes: effectiveScopes(key.scopes, key.role), markUsed, publicKey, plan, quotaOverrides };
  };

/** Error codes of requests whose key lacks the scope. */
export const requireScopeCodes = ["FORBIDDEN_SCOPE"] as const satisfies readonly ErrorCode[];

/** Refuses keys that have none of the scopes. */
export const requireScope = (...anyOf: [Scope, ...Scope[]]): MiddlewareHandler<AppEnv> =>
  async function requireScope(c, next) {
    assertScope(c.get("scopes"), ...anyOf);
    await next();
  };

export const assertScope = (scopes: readonly Scope[], ...anyOf: [Scope, ...Scope[]]): void => {
  if (!anyOf.some((scope) => scopes.includes(scope)))
    throw new AppError({ code: "FORBIDDEN_SCOPE", message: `This needs the scope ${anyOf.join(" or ")}.` });
};

/** Error codes of requests without the admin key or the session of an operator. */
export const requireAdminCodes = ["UNAUTHENTICATED", ...sessionCodes, "FORBIDDEN_OPERATOR"] as const satisfies readonly ErrorCode[];

/** `adminApiKey`: null if there is none. `operators`: mail addresses in lower case, of people who may do what the key may. */
type AdminOptions = { adminApiKey: string | null; operators: ReadonlySet<string>; publicUrl: string | null };

/** Sets the operator's user id, if it is a person. */
export const requireAdmin = ({ adminApiKey, operators, publicUrl }: AdminOptions): MiddlewareHandler<AppEnv> =>
  async function requireAdmin(c, next) {
    const header = c.req.header("authorization");
    if (header === undefined) {
      const { userId, email } = await loadSession(c, c.get("db"), { publicUrl }, null);
      if (!operators.has(email.toLowerCase())) throw new AppError({ code: "FORBIDDEN_OPERATOR" });
      c.set("operatorId", userId);
    } else {
      const [scheme = "", value = ""] = header.split(/ +/, 2);
      if (adminApiKey === null || !/^bearer$/i.test(scheme) || !(await isSameSecret(value, adminApiKey)))
        throw new AppError({ code: "UNAUTHENTICATED" });
    }
    await next();
  };
