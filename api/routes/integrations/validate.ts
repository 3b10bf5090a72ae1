/** POST /api/public/integrations/{id}/validate, and GET …/validations/{validationId}. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { ValidationStep } from "../../../core/integrations/validation.ts";
import { type Validation as FoundValidation, findValidation } from "../../../services/integrations/find-validation.ts";
import { requestValidation } from "../../../services/integrations/request-validation.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { Id, IdParam, json } from "../describe.ts";
import { iso } from "../iso.ts";
import type { IntegrationDeps } from "./deps.ts";

const Validation = z
  .object({
    id: z.string(),
    integrationId: z.string(),
    state: z.enum(["queued", "running", "passed", "failed"]),
    steps: z.array(ValidationStep),
    error: z.object({ code: z.string(), message: z.string() }).nullable().describe("Why it could not be carried out."),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .openapi("IntegrationValidation");

const validateRoute = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["NOT_FOUND"], creates: "object" },
  {
    method: "post",
    path: "/api/public/integrations/{id}/validate",
    operationId: "validateIntegration",
    tags: ["Integrations"],
    summary: "Try an integration's address and credentials",
    description:
      "A runner writes, reads back, lists and deletes an object under the prefix, or checks the key of the sink without sending an event. Ask for the result at the address in `location`. While a validation is under way, this answers with that one.",
    request: { params: IdParam },
    responses: { 202: json(Validation, "The validation, which has not ended.") },
  },
);

const getRoute = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/integrations/{id}/validations/{validationId}",
    operationId: "getValidation",
    tags: ["Integrations"],
    summary: "Show a validation",
    description: "Each step with the provider's own reason. Kept for some days.",
    request: { params: IdParam.extend({ validationId: Id }) },
    responses: { 200: json(Validation, "The validation.") },
  },
);

const show = ({ createdAt, finishedAt, ...same }: FoundValidation): z.infer<typeof Validation> => ({
  ...same,
  createdAt: createdAt.toISOString(),
  finishedAt: iso(finishedAt),
});

export const registerValidate = (app: App, deps: IntegrationDeps): void => {
  app.openapi(validateRoute, async (c) => {
    const integrationId = c.req.valid("param").id;
    const actor = c.get("actor");
    const id = await requestValidation(c.get("db"), actor, { integrationId, jobId: deps.newId("job") });
    const found = id === undefined ? undefined : await findValidation(c.get("db"), { projectId: actor.projectId, integrationId, id });
    if (found === undefined) throw new AppError({ code: "NOT_FOUND" });
    c.header("location", `/api/public/integrations/${integrationId}/validations/${found.id}`);
    return c.json(show(found), 202);
  });
  app.openapi(getRoute, async (c) => {
    const { id: integrationId, validationId } = c.req.valid("param");
    const found = await findValidation(c.get("db"), { projectId: c.get("actor").projectId, integrationId, id: validationId });
    if (found === undefined) throw new AppError({ code: "NOT_FOUND" });
    return c.json(show(found), 200);
  });
};
