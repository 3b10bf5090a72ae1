/** POST /api/auth/sign-out: ends the session of the cookie. */
import { hashToken } from "../../../core/auth/session.ts";
import { endSessions } from "../../../services/accounts/end-sessions.ts";
import { findSession } from "../../../services/accounts/find-session.ts";
import type { App } from "../../deps.ts";
import { assertOwnOrigin } from "../../middleware/own-origin.ts";
import { clearSessionCookie, readSessionCookie } from "../../middleware/session-cookie.ts";
import { signInRoute } from "../declare-route.ts";
import { visitorOf } from "../visitor.ts";
import type { SignInRouteDeps } from "./deps.ts";

const route = signInRoute([], {
  method: "post",
  path: "/api/auth/sign-out",
  operationId: "signOut",
  tags: ["Account"],
  summary: "Sign out",
  description: "Ends the session on the server and removes its cookie. Does nothing if there is none.",
  responses: { 204: { description: "Signed out." } },
});

export const registerSignOut = (app: App, deps: SignInRouteDeps): void => {
  app.openapi(route, async (c) => {
    assertOwnOrigin(c, deps.publicUrl);
    const token = readSessionCookie(c, deps.publicUrl);
    const session = token === undefined ? undefined : await findSession(c.get("db"), await hashToken(token), null);
    if (session !== undefined) await endSessions(c.get("db"), { userId: session.userId, id: session.id }, visitorOf(c));
    clearSessionCookie(c, deps.publicUrl);
    return c.body(null, 204);
  });
};
