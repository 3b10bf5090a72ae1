/** GET /api/public/comments: lists comments in pages, newest first. */

import { z } from "@hono/zod-openapi";
import { commentObjects } from "../../../core/query/tables/table.ts";
import { storableText } from "../../../core/storable.ts";
import { listComments } from "../../../services/comments/list-comments.ts";
import type { App } from "../../deps.ts";
import { CursorQuery, decodeCursor, pageOf } from "../cursor.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { Comment, showComment } from "./resource.ts";

const route = keyRoute(
  { scopes: ["comments:CRUD"], codes: ["INVALID_CURSOR"] },
  {
    method: "get",
    path: "/api/public/comments",
    operationId: "listComments",
    tags: ["Comments"],
    summary: "List comments",
    request: {
      query: z.strictObject({ ...CursorQuery, objectType: z.enum(commentObjects).optional(), objectId: storableText(500).optional() }),
    },
    responses: {
      200: json(z.object({ data: z.array(Comment), nextCursor: z.string().nullable() }).openapi("CommentPage"), "A page, newest first."),
    },
  },
);

export const registerListComments = (app: App): void => {
  app.openapi(route, async (c) => {
    const { limit, cursor, objectType, objectId } = c.req.valid("query");
    const rows = await listComments(c.get("db"), c.get("actor").projectId, {
      limit: limit + 1,
      after: cursor === undefined ? null : decodeCursor(cursor),
      objectType: objectType ?? null,
      objectId: objectId ?? null,
    });
    const { page, nextCursor } = pageOf(rows, limit);
    return c.json({ data: page.map(showComment), nextCursor }, 200);
  });
};
