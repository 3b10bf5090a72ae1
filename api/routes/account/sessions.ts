/** /api/public/account/sessions: where a person is signed in, and signing out there or everywhere. */
import { z } from "@hono/zod-openapi";
import { sessionMethods } from "../../../core/auth/session.ts";
import { AppError } from "../../../core/errors.ts";
import { endSessions } from "../../../services/accounts/end-sessions.ts";
import { listSessions } from "../../../services/accounts/list-sessions.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { clearSessionCookie } from "../../middleware/session-cookie.ts";
import { personRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import { visitorOf } from "../visitor.ts";

const AccountSession = z
  .object({
    id: z.string(),
    method: z.enum(sessionMethods).describe("How it began."),
    createdAt: z.string(),
    lastSeenAt: z.string().describe("To the minute."),
    expiresAt: z.string(),
    ipAddress: z.string().nullable(),
    userAgent: z.string().nullable(),
    isCurrent: z.boolean().describe("Sent this request."),
  })
  .openapi("AccountSession");

const path = "/api/public/account/sessions";

const listRoute = personRoute([], {
  method: "get",
  path,
  operationId: "listAccountSessions",
  tags: ["Account"],
  summary: "List where you are signed in",
  responses: { 200: json(z.object({ data: z.array(AccountSession) }).openapi("AccountSessionList"), "Newest first, at most 200.") },
});

const endRoute = personRoute(["NOT_FOUND"], {
  method: "delete",
  path: `${path}/{id}`,
  operationId: "endAccountSession",
  tags: ["Account"],
  summary: "Sign out somewhere",
  request: { params: IdParam },
  responses: { 204: { description: "Signed out. Its cookie is worth nothing from now on." } },
});

const endAllRoute = personRoute([], {
  method: "delete",
  path,
  operationId: "endAllAccountSessions",
  tags: ["Account"],
  summary: "Sign out everywhere",
  description: "Ends every session of yours, this one too.",
  responses: { 204: { description: "Signed out." } },
});

export const registerAccountSessions = (app: App, { publicUrl }: Pick<RouteDeps, "publicUrl">): void => {
  app.openapi(listRoute, async (c) => {
    const { id, userId } = c.get("session");
    const rows = await listSessions(c.get("db"), userId);
    const data = rows.map(({ createdAt, lastSeenAt, expiresAt, ...row }) => ({
      ...row,
      createdAt: createdAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
      isCurrent: row.id === id,
    }));
    return c.json({ data }, 200);
  });
  app.openapi(endRoute, async (c) => {
    const { id: own, userId } = c.get("session");
    const { id } = c.req.valid("param");
    if ((await endSessions(c.get("db"), { userId, id }, visitorOf(c))) === 0) throw new AppError({ code: "NOT_FOUND" });
    if (id === own) clearSessionCookie(c, publicUrl);
    return c.body(null, 204);
  });
  app.openapi(endAllRoute, async (c) => {
    await endSessions(c.get("db"), { userId: c.get("session").userId, id: null }, visitorOf(c));
    clearSessionCookie(c, publicUrl);
    return c.body(null, 204);
  });
};
