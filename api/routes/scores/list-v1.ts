/** GET /api/public/scores: lists scores in pages, each with fields of its trace. */
import type { App, ReadDeps } from "../../deps.ts";
import { documentCodes, pageRoute } from "../read-query.ts";
import { listScoresV1, ScoreQueryV1 } from "./page.ts";
import { ScoreV1OnPage } from "./resource.ts";

const route = pageRoute("/api/public/scores", {
  operationId: "listScoresV1",
  codes: ["INVALID_FILTER", ...documentCodes],
  tags: ["Scores"],
  summary: "List scores of traces and observations, newest first",
  query: ScoreQueryV1,
  item: ScoreV1OnPage,
  page: "ScoreV1Page",
});

export const registerListScoresV1 = (app: App, deps: ReadDeps): void => {
  app.openapi(route, async (c) => (await listScoresV1(c, deps, c.req.valid("query"))) as never);
};
