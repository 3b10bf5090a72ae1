/** DELETE /api/public/comments/{id}. */
import { createRoute } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { deleteComment } from "../../../services/comments/comments.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { IdParam, refusals, security } from "../describe.ts";

const route = createRoute({
  method: "delete",
  path: "/api/public/comments/{id}",
  operationId: "deleteComment",
  tags: ["Comments"],
  summary: "Delete a comment",
  security,
  middleware: [requireScope("comments:CRUD")] as const,
  request: { params: IdParam },
  responses: { 204: { description: "It is gone." }, ...refusals },
});

export const registerDeleteComment = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    const isDeleted = await deleteComment(c.get("db"), c.get("actor"), c.req.valid("param").id, deps.newId("auditLog"));
    if (!isDeleted) throw new AppError({ code: "NOT_FOUND" });
    return c.body(null, 204);
  });
};
