/** Identifies a person by the session of the cookie: who it is, and what they may do in the project that the request names. */
import type { Context, MiddlewareHandler } from "hono";
import { effectiveScopes, scopes } from "../../core/auth/scopes.ts";
import { hashToken } from "../../core/auth/session.ts";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import { idPattern } from "../../core/ids.ts";
import { findSession, markSessionUsed, type SessionRecord } from "../../services/accounts/find-session.ts";
import type { AppEnv, Database, Identify } from "../deps.ts";
import { assertOwnOrigin } from "./own-origin.ts";
import { clearSessionCookie, readSessionCookie } from "./session-cookie.ts";

/** Names the project of a request with a session. No form can send it. */
export const projectHeader = "x-spillway-project";

/** Error codes of requests with a session, besides those of a missing one. */
export const sessionCodes = ["SESSION_EXPIRED"] as const satisfies readonly ErrorCode[];
/** Error codes of requests that name a project with a session. */
export const projectCodes = [...sessionCodes, "PROJECT_REQUIRED", "FORBIDDEN_PROJECT"] as const satisfies readonly ErrorCode[];
/** Error codes of routes for people. */
export const personCodes = ["UNAUTHENTICATED", ...sessionCodes] as const satisfies readonly ErrorCode[];

type SessionOptions = { publicUrl: string | null };

/**
 * A session of the cookie with its person, in the project or in none. Throws UNAUTHENTICATED without a cookie, FOREIGN_ORIGIN, and
 * SESSION_EXPIRED for a session that has expired or is gone, whichever it is.
 */
export const loadSession = async (
  c: Context<AppEnv>,
  db: Database,
  { publicUrl }: SessionOptions,
  projectId: string | null,
): Promise<SessionRecord> => {
  const token = readSessionCookie(c, publicUrl);
  if (token === undefined) throw new AppError({ code: "UNAUTHENTICATED" });
  assertOwnOrigin(c, publicUrl);
  const session = await findSession(db, await hashToken(token), projectId);
  if (session === undefined) throw new AppError({ code: "SESSION_EXPIRED" });
  return session;
};

/** An unknown project is refused like one of others. Throws PROJECT_REQUIRED and FORBIDDEN_PROJECT besides what `loadSession` throws. */
export const identifyPerson =
  (options: SessionOptions): Identify =>
  async (c, db) => {
    const projectId = c.req.header(projectHeader);
    const session = await loadSession(c, db, options, projectId !== undefined && idPattern.test(projectId) ? projectId : null);
    if (projectId === undefined) throw new AppError({ code: "PROJECT_REQUIRED" });
    const { member } = session;
    if (member === null) throw new AppError({ code: "FORBIDDEN_PROJECT" });
    const actor = {
      projectId: member.projectId,
      organizationId: member.organizationId,
      userId: session.userId,
      apiKeyId: null,
      role: member.role,
      requestId: c.get("requestId"),
      traceparent: c.get("span").traceparent,
      ipAddress: c.req.header("cf-connecting-ip") ?? null,
    };
    return {
      actor,
      scopes: effectiveScopes(scopes, member.role),
      publicKey: "",
      plan: member.plan,
      quotaOverrides: member.quotaOverrides,
      markUsed: session.isUseStale ? () => markSessionUsed(db, session.id) : null,
    };
  };

/** Sets the session of a route for people, which belongs to no project. A key cannot call it. */
export const authenticatePerson = (options: SessionOptions): MiddlewareHandler<AppEnv> =>
  async function authenticatePerson(c, next) {
    if (c.req.header("authorization") !== undefined)
      throw new AppError({ code: "UNAUTHENTICATED", message: "This is for people who have signed in. An API key cannot call it." });
    const session = await loadSession(c, c.get("db"), options, null).catch((error: unknown) => {
      // The browser forgets a cookie that is worth nothing.
      if (error instanceof AppError && error.code === "SESSION_EXPIRED") clearSessionCookie(c, options.publicUrl);
      throw error;
    });
    c.set("session", session);
    if (session.isUseStale) await markSessionUsed(c.get("db"), session.id);
    await next();
  };
