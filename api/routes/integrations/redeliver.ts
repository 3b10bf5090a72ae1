/** POST /api/public/integrations/{id}/redeliver. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { redeliverRejections } from "../../../services/integrations/redeliver-rejections.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";

const route = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["NOT_FOUND"], creates: "object" },
  {
    method: "post",
    path: "/api/public/integrations/{id}/redeliver",
    operationId: "redeliverRejections",
    tags: ["Integrations"],
    summary: "Send refused rows again",
    description:
      "After a setting or mapping has changed: delivers the windows of all open rejections again, with the rows as they are now. Events have stable ids, so a sink keeps one of each.",
    request: { params: IdParam },
    responses: {
      202: json(z.object({ windows: z.int() }).openapi("Redelivery"), "How many windows will be delivered again.", { windows: 2 }),
    },
  },
);

export const registerRedeliver = (app: App): void => {
  app.openapi(route, async (c) => {
    const asked = await redeliverRejections(c.get("db"), c.get("actor"), c.req.valid("param").id);
    if (asked === undefined) throw new AppError({ code: "NOT_FOUND" });
    return c.json(asked, 202);
  });
};
