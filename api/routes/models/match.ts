/** POST /api/public/models/match: tells which model would price calls of a model name. */
import { z } from "@hono/zod-openapi";
import { isStorableInstant, notStorableInstant, storableText } from "../../../core/storable.ts";
import { matchName } from "../../../services/models/match-name.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { documentAnswer } from "../read-query.ts";
import { Model, showModel } from "./resource.ts";

const nameCharactersMax = 500;

const MatchModel = z
  .strictObject({
    modelName: storableText(nameCharactersMax).min(1).describe("As calls send it, such as `us.anthropic.claude-sonnet-4-5-20250929-v1:0`."),
    startTime: z.iso
      .datetime({ offset: true })
      .refine(isStorableInstant, notStorableInstant)
      .optional()
      .describe("Start of the call; now if left out. Models with a later start date do not match."),
  })
  .openapi("MatchModel");

const ModelMatch = z
  .object({
    model: z.union([Model, z.null()]).describe("The model that prices the call; null if none does."),
    matchedName: z.string().nullable().describe("The spelling that its pattern matches; null without a model."),
    names: z.array(z.string()).describe("Spellings that are tried, in order: the name as sent, then without what gateways add."),
  })
  .openapi("ModelMatch");

const route = keyRoute(
  { scopes: ["traces:read"], codes: [] },
  {
    method: "post",
    path: "/api/public/models/match",
    operationId: "matchModel",
    tags: ["Models"],
    summary: "Show which model a name would match",
    description: "By the rule that prices calls: the project's own models before defaults, newest start date first. Changes nothing.",
    request: { body: jsonRequest(MatchModel, { modelName: "openrouter/anthropic/claude-3.5-sonnet" }) },
    responses: { 200: json(ModelMatch, "The match.") },
  },
);

export const registerMatchModel = (app: App, { nowMs }: Pick<RouteDeps, "nowMs">): void => {
  app.openapi(route, async (c) => {
    const { modelName, startTime } = c.req.valid("json");
    const at = new Date(startTime ?? nowMs()).toISOString();
    const { model, ...match } = await matchName(c.get("db"), c.get("actor").projectId, { name: modelName, at });
    return documentAnswer(c, [JSON.stringify({ model: model === null ? null : showModel(model), ...match })]) as never;
  });
};
