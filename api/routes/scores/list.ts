/** GET /api/public/v2/scores: pages of scores, each with what its trace says of itself. */
import type { App, AppDeps } from "../../deps.ts";
import { pageRoute } from "../read-query.ts";
import { listScoresV2, ScoreQuery } from "./page.ts";
import { ScoreOnPage } from "./resource.ts";

const route = pageRoute("/api/public/v2/scores", {
  operationId: "listScores",
  tags: ["Scores"],
  summary: "List scores, newest first",
  query: ScoreQuery,
  item: ScoreOnPage,
  page: "ScorePage",
});

export const registerListScores = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => (await listScoresV2(c, deps, c.req.valid("query"))) as never);
};
