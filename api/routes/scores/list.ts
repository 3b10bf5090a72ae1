/** GET /api/public/v2/scores: lists scores in pages, each with fields of its trace. */
import type { App, ReadDeps } from "../../deps.ts";
import { documentCodes, pageRoute } from "../read-query.ts";
import { listScoresV2, ScoreQuery } from "./page.ts";
import { ScoreOnPage } from "./resource.ts";

const route = pageRoute("/api/public/v2/scores", {
  operationId: "listScores",
  codes: ["INVALID_FILTER", ...documentCodes],
  tags: ["Scores"],
  summary: "List scores, newest first",
  query: ScoreQuery,
  item: ScoreOnPage,
  page: "ScorePage",
});

export const registerListScores = (app: App, deps: ReadDeps): void => {
  app.openapi(route, async (c) => (await listScoresV2(c, deps, c.req.valid("query"))) as never);
};
