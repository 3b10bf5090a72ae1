/**
 * POST /api/auth/sign-in/verify: signs in with the token of a link. The link itself opens a page of the console, which sends this request: the
 * scanners of mail servers open links, and would use them up.
 */
import { z } from "@hono/zod-openapi";
import { safePath } from "../../../core/auth/safe-path.ts";
import { redeemSignInLink } from "../../../services/accounts/redeem-sign-in-link.ts";
import type { App } from "../../deps.ts";
import { assertOwnOrigin } from "../../middleware/own-origin.ts";
import { readSessionCookie, setSessionCookie } from "../../middleware/session-cookie.ts";
import { signInRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { visitorOf } from "../visitor.ts";
import type { SignInRouteDeps } from "./deps.ts";

const VerifySignIn = z.strictObject({ token: z.string().min(1).max(200).describe("As in the link.") }).openapi("VerifySignIn");
const SignedIn = z.object({ next: z.string().describe("Path of the console to go to.") }).openapi("SignedIn");

const route = signInRoute(["SIGN_IN_LINK_INVALID"], {
  method: "post",
  path: "/api/auth/sign-in/verify",
  operationId: "verifySignIn",
  tags: ["Account"],
  summary: "Sign in with the token of a link",
  description: "Sets the cookie of a new session. A session that the browser had before ends. Accepts the open invitations of the address.",
  request: { body: jsonRequest(VerifySignIn, { token: "WmJ1c3Qtb25jZS1vbmx5LXRva2VuLW9mLWEtbWFpbA" }) },
  responses: { 200: json(SignedIn, "Signed in.", { next: "/" }) },
});

export const registerVerify = (app: App, deps: SignInRouteDeps): void => {
  app.openapi(route, async (c) => {
    assertOwnOrigin(c, deps.publicUrl);
    const formerToken = readSessionCookie(c, deps.publicUrl) ?? null;
    const { token } = c.req.valid("json");
    const { sessionToken, next } = await redeemSignInLink(c.get("db"), deps, { token, formerToken }, visitorOf(c));
    setSessionCookie(c, deps.publicUrl, sessionToken);
    c.header("cache-control", "no-store");
    return c.json({ next: safePath(next) }, 200);
  });
};
