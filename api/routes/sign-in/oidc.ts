/**
 * GET /api/auth/oidc/start and /callback: sign-in at the company's provider. Both answer with redirects: what goes wrong is shown by the sign-in
 * page, as `/sign-in?error=CODE&requestId=ID`.
 */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { safePath } from "../../../core/auth/safe-path.ts";
import { createToken } from "../../../core/auth/session.ts";
import { AppError } from "../../../core/errors.ts";
import { signInByIdentity } from "../../../services/accounts/sign-in-by-identity.ts";
import type { App, AppEnv } from "../../deps.ts";
import { ownOrigin } from "../../middleware/own-origin.ts";
import { logProblem, requestError } from "../../middleware/problem.ts";
import { readSessionCookie, setSessionCookie } from "../../middleware/session-cookie.ts";
import type { OidcFlow } from "../../oidc-client.ts";
import { signInRoute } from "../declare-route.ts";
import { visitorOf } from "../visitor.ts";
import type { SignInRouteDeps } from "./deps.ts";
import { NextPath } from "./next-path.ts";

const callbackPath = "/api/auth/oidc/callback";

const startRoute = signInRoute([], {
  method: "get",
  path: "/api/auth/oidc/start",
  operationId: "startOidcSignIn",
  tags: ["Account"],
  summary: "Sign in at the company's provider",
  description: "For browsers: sends them to the provider, or back to the sign-in page with `error`, the code of what went wrong.",
  request: { query: z.object({ next: NextPath.optional() }) },
  responses: { 302: { description: "To the provider, or to the sign-in page." } },
});

const callbackRoute = signInRoute([], {
  method: "get",
  path: callbackPath,
  operationId: "finishOidcSignIn",
  tags: ["Account"],
  summary: "Come back from the company's provider",
  description:
    "For browsers: sets the cookie of a new session and leads to the console, or to the sign-in page with `error`, the code of what went wrong. Its address is what the provider has to know as redirect URI.",
  responses: { 302: { description: "To the console, or to the sign-in page." } },
});

export const registerOidc = (app: App, deps: SignInRouteDeps): void => {
  app.openapi(startRoute, (c) =>
    orSignInPage(c, deps, async () => {
      if (deps.oidc === null) throw new AppError({ code: "SIGN_IN_METHOD_DISABLED" });
      const secret = createToken(deps.randomBytes);
      const target = await deps.oidc.start(flowOf(c, deps, secret));
      setCookie(c, flowCookie(c, deps), `${secret}.${safePath(c.req.valid("query").next)}`, {
        ...flowAttributes(c, deps),
        maxAge: flowSeconds,
      });
      return target.href;
    }),
  );
  app.openapi(callbackRoute, (c) =>
    orSignInPage(c, deps, async () => {
      if (deps.oidc === null) throw new AppError({ code: "SIGN_IN_METHOD_DISABLED" });
      const [, secret = "", next = ""] = /^([\w-]{43})\.(.*)$/.exec(getCookie(c, flowCookie(c, deps)) ?? "") ?? [];
      deleteCookie(c, flowCookie(c, deps), flowAttributes(c, deps));
      // Somebody else began: signing in here would sign this browser in as them.
      if (secret === "") throw new AppError({ code: "OIDC_FAILED", detail: "this browser did not begin the sign-in" });
      const flow = flowOf(c, deps, secret);
      const callback = new URL(flow.redirectUri);
      callback.search = new URL(c.req.url).search;
      const identity = await deps.oidc.finish(flow, callback);
      const formerToken = readSessionCookie(c, deps.publicUrl) ?? null;
      const { sessionToken } = await signInByIdentity(c.get("db"), deps, { identity, formerToken }, visitorOf(c));
      setSessionCookie(c, deps.publicUrl, sessionToken);
      return safePath(next);
    }),
  );
};

/** How long somebody may take at the provider. */
const flowSeconds = 600;

const isSecure = (c: Context<AppEnv>, { publicUrl }: SignInRouteDeps): boolean => ownOrigin(c, publicUrl).startsWith("https:");
const flowCookie = (c: Context<AppEnv>, deps: SignInRouteDeps): string => (isSecure(c, deps) ? "__Host-spillway_oidc" : "spillway_oidc");
/** Lax, because the provider sends the browser back from its own site. */
const flowAttributes = (c: Context<AppEnv>, deps: SignInRouteDeps) =>
  ({ httpOnly: true, sameSite: "Lax", path: "/", secure: isSecure(c, deps) }) as const;

const flowOf = (c: Context<AppEnv>, { publicUrl }: SignInRouteDeps, secret: string): OidcFlow => ({
  secret,
  redirectUri: `${ownOrigin(c, publicUrl)}${callbackPath}`,
});

/** A person is at the other end: a problem in JSON would be the whole page. */
const orSignInPage = async (c: Context<AppEnv>, { log }: SignInRouteDeps, target: () => Promise<string>): Promise<Response> => {
  c.header("cache-control", "no-store");
  try {
    return c.redirect(await target(), 302);
  } catch (error) {
    const known = requestError(error);
    logProblem(c, { log }, known, error);
    return c.redirect(`/sign-in?error=${known.code}&requestId=${c.get("requestId")}`, 302);
  }
};
