/** Registers the routes of scores. */
import type { App, ReadDeps } from "../../deps.ts";
import { registerGetScore } from "./get.ts";
import { registerGetScoreV1 } from "./get-v1.ts";
import { registerListScores } from "./list.ts";
import { registerListScoresV1 } from "./list-v1.ts";
import { registerListScoresV3 } from "./list-v3.ts";

export const registerScores = (app: App, deps: ReadDeps): void => {
  registerListScoresV1(app, deps);
  registerGetScoreV1(app, deps);
  registerListScores(app, deps);
  registerListScoresV3(app, deps);
  registerGetScore(app, deps);
};
