/** GET /api/public/models: lists the project's models and the defaults in pages. */
import { z } from "@hono/zod-openapi";
import { listModelPage } from "../../../services/models/list-models.ts";
import type { App } from "../../deps.ts";
import { documentAnswer, metaOf, PageNumbers, pageRoute } from "../read-query.ts";
import { Model, showModel } from "./resource.ts";

const route = pageRoute("/api/public/models", {
  operationId: "listModels",
  codes: [],
  tags: ["Models"],
  summary: "List models and their prices",
  description:
    "Sorted by name. Models of one name are in the order in which they price calls: the project's own before defaults, newest start date first.",
  query: z.object(PageNumbers),
  item: Model,
  page: "ModelPage",
});

export const registerListModels = (app: App): void => {
  app.openapi(route, async (c) => {
    const asked = c.req.valid("query");
    const { rows, totalItems } = await listModelPage(c.get("db"), c.get("actor").projectId, asked);
    return documentAnswer(c, [JSON.stringify({ data: rows.map(showModel), meta: metaOf(asked, totalItems) })]) as never;
  });
};
