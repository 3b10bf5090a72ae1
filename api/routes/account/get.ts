/** GET /api/public/account: who is signed in, and what they can reach. */
import { z } from "@hono/zod-openapi";
import { roles, scopes } from "../../../core/auth/scopes.ts";
import { listOrganizations } from "../../../services/accounts/find-account.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { personRoute } from "../declare-route.ts";
import { json } from "../describe.ts";

const Account = z
  .object({
    user: z.object({ id: z.string(), email: z.string(), name: z.string().nullable() }),
    session: z.object({ id: z.string(), expiresAt: z.string().describe("Its end, however often it is used.") }),
    isOperator: z.boolean().describe("May call the routes of administrators."),
    organizations: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        role: z.enum(roles),
        projects: z.array(
          z.object({ id: z.string(), name: z.string(), scopes: z.array(z.enum(scopes)).describe("What the role allows in the project.") }),
        ),
      }),
    ),
  })
  .openapi("Account");

const route = personRoute([], {
  method: "get",
  path: "/api/public/account",
  operationId: "getAccount",
  tags: ["Account"],
  summary: "Show who is signed in",
  description: "With the organisations and projects of the person, by name. Needs no project header.",
  responses: { 200: json(Account, "The account.") },
});

export const registerGetAccount = (app: App, { operators }: Pick<RouteDeps, "operators">): void => {
  app.openapi(route, async (c) => {
    const { id, userId, email, name, expiresAt } = c.get("session");
    const organizations = await listOrganizations(c.get("db"), userId);
    c.header("cache-control", "no-store");
    return c.json(
      { user: { id: userId, email, name }, session: { id, expiresAt }, isOperator: operators.has(email.toLowerCase()), organizations },
      200,
    );
  });
};
