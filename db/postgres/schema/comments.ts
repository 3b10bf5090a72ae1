/** Comments on traces, observations, sessions and prompts. */

import { index, pgTable, text } from "drizzle-orm/pg-core";
import { commentObjects } from "../../../core/query/tables/table.ts";
import { createdAt, updatedAt } from "./columns.ts";
import { projects, users } from "./tenants.ts";

export const comments = pgTable(
  "comments",
  {
    id: text().primaryKey(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    objectType: text("object_type", { enum: [...commentObjects] }).notNull(),
    objectId: text("object_id").notNull(),
    content: text().notNull(),
    authorUserId: text("author_user_id").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    index("comments_object_idx").on(t.projectId, t.objectType, t.objectId),
    index("comments_created_at_idx").on(t.projectId, t.createdAt, t.id),
  ],
);
