/** POST /api/public/models: a price of the project's own, which comes before the default. */

import { AppError } from "../../../core/errors.ts";
import { CreateModel, newModel } from "../../../core/models/create-model.ts";
import { plainDecimal } from "../../../core/models/decimal.ts";
import { createModel, findModel } from "../../../services/models/models.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { fieldErrors } from "../../middleware/problem.ts";
import { keyRoute } from "../declare-route.ts";
import { json, jsonRequest } from "../describe.ts";
import { IdempotencyHeader, idempotencyOf } from "../idempotency.ts";
import { documentAnswer } from "../read-query.ts";
import { Model, showModel } from "./resource.ts";

const route = keyRoute(
  { scopes: ["models:CUD"], codes: ["IDEMPOTENCY_KEY_REUSED", "TOO_MANY_MODELS", "NOT_FOUND"] },
  {
    method: "post",
    path: "/api/public/models",
    operationId: "createModel",
    tags: ["Models"],
    summary: "Make a model with prices of the project's own",
    description:
      "Calls that are priced from now on use it, after a minute at the latest; what is stored keeps its cost until its next event or a replay.",
    request: {
      headers: IdempotencyHeader,
      body: jsonRequest(CreateModel.openapi("CreateModel"), {
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
    const idempotency = await idempotencyOf(c.req.valid("header"), body);
    const actor = c.get("actor");
    const ids = { auditId: deps.newId("auditLog"), idempotency };
    const created = await createModel(c.get("db"), actor, newModel(deps.newId("model"), body), ids);
    if (created.outcome === "keyReused") throw new AppError({ code: "IDEMPOTENCY_KEY_REUSED" });
    const row = await findModel(c.get("db"), actor.projectId, created.modelId);
    if (row === undefined) throw new AppError({ code: "NOT_FOUND", message: "The model of this Idempotency-Key has been deleted." });
    return documentAnswer(c, [JSON.stringify(showModel(row))]) as never;
  });
};

/** The body once more, with every digit of its prices. */
const parseExactly = (text: string): CreateModel => {
  const parsed = CreateModel.safeParse(JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown));
  if (parsed.success) return parsed.data;
  throw new AppError({ code: "INVALID_REQUEST", fields: fieldErrors(parsed.error.issues) });
};

/** A number that a double rounds stays text. `source` is how it was sent, as ECMAScript hands it to revivers. */
const keepDigits = (_key: string, value: unknown, { source = "" }: { source?: string }): unknown =>
  typeof value === "number" && plainDecimal(source) !== plainDecimal(String(value)) ? source : value;
