/** The API's representation of a comment. */
import { z } from "@hono/zod-openapi";
import { commentObjects } from "../../../core/query/tables/table.ts";
import type { CommentRow } from "../../../services/comments/find-comment.ts";

export const Comment = z
  .object({
    id: z.string(),
    objectType: z.enum(commentObjects),
    objectId: z.string(),
    content: z.string(),
    authorUserId: z.string().nullable(),
    authorEmail: z.string().nullable(),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .openapi("Comment");

export const showComment = (row: CommentRow): z.infer<typeof Comment> => ({
  id: row.id,
  objectType: row.objectType,
  objectId: row.objectId,
  content: row.content,
  authorUserId: row.authorUserId,
  authorEmail: row.authorEmail,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
