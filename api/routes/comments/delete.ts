/** DELETE /api/public/comments/{id}. */

import { AppError } from "../../../core/errors.ts";
import { deleteComment } from "../../../services/comments/comments.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam } from "../describe.ts";

const route = keyRoute(
  { scopes: ["comments:CRUD"], codes: ["NOT_FOUND"] },
  {
    method: "delete",
    path: "/api/public/comments/{id}",
    operationId: "deleteComment",
    tags: ["Comments"],
    summary: "Delete a comment",
    request: { params: IdParam },
    responses: { 204: { description: "It is gone." } },
  },
);

export const registerDeleteComment = (app: App, deps: Pick<RouteDeps, "newId">): void => {
  app.openapi(route, async (c) => {
    const isDeleted = await deleteComment(c.get("db"), c.get("actor"), c.req.valid("param").id, deps.newId("auditLog"));
    if (!isDeleted) throw new AppError({ code: "NOT_FOUND" });
    return c.body(null, 204);
  });
};
