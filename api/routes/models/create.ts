/** POST /api/public/models: creates a model of the project, which takes precedence over the defaults. */

import { AppError } from "../../../core/errors.ts";
import { CreateModel, newModel } from "../../../core/models/create-model.ts";
import { digitKeeper } from "../../../core/models/keep-digits.ts";
import { createModel } from "../../../services/models/create-model.ts";
import { findModel } from "../../../services/models/find-model.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { fieldErrors } from "../../middleware/problem.ts";
import { keyRoute } from "../declare-route.ts";
import { component, json, jsonRequest } from "../describe.ts";
import { documentAnswer } from "../read-query.ts";
import { Model, showModel } from "./resource.ts";

const route = keyRoute(
  { scopes: ["models:CUD"], codes: ["TOO_MANY_MODELS"], creates: "object" },
  {
    method: "post",
    path: "/api/public/models",
    operationId: "createModel",
    tags: ["Models"],
    summary: "Create a model with the project's own prices",
    description: "Prices new calls within a minute. Stored observations keep their cost until their next event or a replay.",
    request: {
      body: jsonRequest(component(CreateModel, "CreateModel"), {
        modelName: "gpt-4o",
        matchPattern: "(?i)^gpt-4o$",
        inputPrice: 0.000002,
        outputPrice: 0.000008,
      }),
    },
    responses: { 200: json(Model, "The model.") },
  },
);

export const registerCreateModel = (app: App, deps: Pick<RouteDeps, "newId">): void => {
  app.openapi(route, async (c) => {
    const body = parseExactly(await c.req.text());
    const actor = c.get("actor");
    const id = deps.newId("model");
    await createModel(c.get("db"), actor, newModel(id, body));
    const row = await findModel(c.get("db"), actor.projectId, id);
    if (row === undefined) throw new Error("a model that was created is there");
    return documentAnswer(c, [JSON.stringify(showModel(row))]) as never;
  });
};

/** Parses the body again, keeping every digit of its prices. */
const parseExactly = (text: string): CreateModel => {
  const parsed = CreateModel.safeParse(JSON.parse(text, digitKeeper));
  if (parsed.success) return parsed.data;
  throw new AppError({ code: "INVALID_REQUEST", fields: fieldErrors(parsed.error.issues) });
};
