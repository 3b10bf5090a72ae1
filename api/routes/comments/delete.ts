/** DELETE /api/public/comments/{id}. */

import { AppError } from "../../../core/errors.ts";
import { deleteComment } from "../../../services/comments/delete-comment.ts";
import type { App } from "../../deps.ts";
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
    responses: { 204: { description: "Deleted." } },
  },
);

export const registerDeleteComment = (app: App): void => {
  app.openapi(route, async (c) => {
    const isDeleted = await deleteComment(c.get("db"), c.get("actor"), c.req.valid("param").id);
    if (!isDeleted) throw new AppError({ code: "NOT_FOUND" });
    return c.body(null, 204);
  });
};
