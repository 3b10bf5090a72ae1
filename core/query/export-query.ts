/** What is asked of a table: shape and bounds of the question. Whether columns, filters and order fit the table is decided where it is compiled (compile-query.ts). */
import { z } from "zod";
import { PrivacyRule } from "./privacy/privacy.ts";

const scoreModes = ["columns", "nested", "none"] as const;

export const searchTypes = ["id", "content", "input", "output"] as const;

const OrderBy = z.strictObject({ column: z.string().min(1).max(200), order: z.enum(["ASC", "DESC"]) });

/**
 * What to export. `filter` holds filters in the language of the table (core/filters/), checked there so that each fault names its field.
 * `limit` is the greatest number of rows; without it the server's row limit holds. Reaching either is said in status, manifest and API.
 */
export const ExportQuery = z.strictObject({
  tableName: z.string().min(1).max(100),
  filter: z.array(z.unknown()).max(100).nullable().default(null),
  searchQuery: z.string().max(2000).optional(),
  searchType: z.array(z.enum(searchTypes)).max(searchTypes.length).optional(),
  orderBy: OrderBy.nullable().default(null),
  limit: z.int().min(1).max(1_000_000_000).optional(),
  /** Columns in the order of the file; `scores` stands for all columns of scores. Without it, all. */
  columns: z.array(z.string().max(100)).min(1).max(200).optional(),
  /** Scores as one column for each name, as one nested column, or not at all. */
  scores: z.enum(scoreModes).default("columns"),
  /** `trace`: traces with their observations and scores nested, one JSON document each. */
  shape: z.enum(["row", "trace"]).default("row"),
  /** What is dropped, hashed or masked; recorded in the manifest. How deep and how many the paths may be is decided by core/query/privacy/apply-privacy.ts. */
  privacy: z.array(PrivacyRule).max(100).default([]),
});
export type ExportQuery = z.infer<typeof ExportQuery>;
