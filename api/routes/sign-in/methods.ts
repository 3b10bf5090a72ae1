/** GET /api/public/sign-in-methods: the ways to sign in, for the page that offers them. */
import { createRoute, z } from "@hono/zod-openapi";
import type { App, RouteDeps } from "../../deps.ts";
import { json } from "../describe.ts";
import { errorResponses } from "../error-responses.ts";

/** Of the only provider that a deployment can have. */
const oidcId = "company";

const SignInMethods = z
  .object({
    mailLink: z.boolean().describe("A link by mail."),
    password: z.boolean().describe("Always false: there are no passwords."),
    oidc: z
      .array(z.object({ id: z.string(), name: z.string().describe("For the button.") }))
      .describe("Companies' sign-in (OpenID Connect)."),
  })
  .openapi("SignInMethods");

const route = createRoute({
  method: "get",
  path: "/api/public/sign-in-methods",
  operationId: "getSignInMethods",
  tags: ["Account"],
  summary: "List the ways to sign in",
  security: [],
  responses: { 200: json(SignInMethods, "What this server offers."), ...errorResponses(["INTERNAL"]) },
});

export const registerSignInMethods = (app: App, { publicUrl, oidc }: Pick<RouteDeps, "publicUrl" | "oidc">): void => {
  app.openapi(route, (c) =>
    c.json({ mailLink: publicUrl !== null, password: false, oidc: oidc === null ? [] : [{ id: oidcId, name: oidc.name }] }, 200),
  );
};
