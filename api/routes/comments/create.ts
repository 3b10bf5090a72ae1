/** POST /api/public/comments. */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { commentObjects } from "../../../core/query/tables/table.ts";
import { storableText } from "../../../core/storable.ts";
import { createComment } from "../../../services/comments/create-comment.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { Id, json, jsonRequest } from "../describe.ts";
import { Comment, showComment } from "./resource.ts";

const CreateComment = z.strictObject({
  objectType: z.enum(commentObjects),
  objectId: storableText(500).min(1),
  content: storableText(20_000).min(1),
  authorUserId: Id.optional().describe(
    "A member of the organisation; by default the owner of the key. A person with a session comments as themselves.",
  ),
});

const route = keyRoute(
  { scopes: ["comments:CRUD"], codes: [], creates: "object" },
  {
    method: "post",
    path: "/api/public/comments",
    operationId: "createComment",
    tags: ["Comments"],
    summary: "Comment on a trace, observation, session or prompt",
    request: {
      body: jsonRequest(CreateComment.openapi("CreateComment"), { objectType: "TRACE", objectId: "trace-1", content: "Look at this one." }),
    },
    responses: { 201: json(Comment, "The comment.") },
  },
);

export const registerCreateComment = (app: App, deps: Pick<RouteDeps, "newId">): void => {
  app.openapi(route, async (c) => {
    const body = c.req.valid("json");
    const actor = c.get("actor");
    // A program may carry comments of others over; a person would write in somebody else's name.
    if (actor.apiKeyId === null && body.authorUserId !== undefined && body.authorUserId !== actor.userId)
      throw new AppError({ code: "INVALID_REQUEST", fields: [{ path: "authorUserId", message: "must be yourself" }] });
    const row = await createComment(c.get("db"), actor, {
      ...body,
      id: deps.newId("comment"),
      authorUserId: body.authorUserId ?? actor.userId,
    });
    return c.json(showComment(row), 201);
  });
};
