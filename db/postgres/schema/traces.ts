/** What users set on sessions of traces. */

import { sql } from "drizzle-orm";
import { boolean, index, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { createdAt, updatedAt } from "./columns.ts";
import { projects } from "./tenants.ts";

/** Sessions named by traces, with what users set on them. */
export const traceSessions = pgTable(
  "trace_sessions",
  {
    id: text().notNull(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    environment: text().notNull().default("default"),
    bookmarked: boolean().notNull().default(false),
    public: boolean().notNull().default(false),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    index("trace_sessions_project_id_id_idx").on(t.projectId, sql`left(id, 200)`),
    uniqueIndex("trace_sessions_key").on(t.projectId, sql`md5(id)`),
  ],
);
