/** GET /api/public/limits: what the project has used of its quotas. */
import { z } from "@hono/zod-openapi";
import { scopes } from "../../../core/auth/scopes.ts";
import { planNames } from "../../../core/limits/plans.ts";
import { readQuotas } from "../../../services/limits/read-quotas.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { QuotaUse, showQuotaUse } from "./resource.ts";

const Limits = z
  .object({
    plan: z.enum(planNames),
    quotas: z.array(QuotaUse),
    burst: z
      .object({ requests: z.int(), seconds: z.int() })
      .nullable()
      .describe("Most requests of one API key; counted for each location of the edge."),
  })
  .openapi("Limits");

const route = keyRoute(
  { scopes, codes: [], isMetered: true },
  {
    method: "get",
    path: "/api/public/limits",
    operationId: "getLimits",
    tags: ["Limits"],
    summary: "Show the project's quotas and what is used of them",
    description: "Any key of the project may ask. The fields RateLimit and RateLimit-Policy say the same.",
    responses: { 200: json(Limits, "The limits.") },
  },
);

export const registerLimits = (app: App, deps: Pick<RouteDeps, "burst">): void => {
  app.openapi(route, async (c) => {
    const status = await readQuotas(c.get("db"), c.get("actor").projectId, c.get("defaultPlan"));
    c.set("quotas", status);
    return c.json({ plan: status.plan, quotas: status.uses.map(showQuotaUse), burst: deps.burst?.policy ?? null }, 200);
  });
};
