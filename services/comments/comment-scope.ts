/** The comments that an export or a read may see: those on one kind of object in one project, from before a cutoff. */
import { sql } from "drizzle-orm";
import type { CommentObject } from "../../core/query/tables/table.ts";

export type Scope = { projectId: string; objectType: CommentObject; cutoff: string };

export const within = ({ projectId, objectType, cutoff }: Scope) =>
  sql`project_id = ${projectId} and object_type = ${objectType} and created_at < ${cutoff}::timestamptz`;
