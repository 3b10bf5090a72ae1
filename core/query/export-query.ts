/** An export query: its shape and limits. compile-query.ts checks whether columns, filters and order fit the table. */
import { z } from "zod";
import { PrivacyRule } from "./privacy/privacy.ts";

const scoreModes = ["columns", "nested", "none"] as const;

export const searchTypes = ["id", "content", "input", "output"] as const;

const OrderBy = z.strictObject({ column: z.string().min(1).max(200), order: z.enum(["ASC", "DESC"]) });

/**
 * What to export. `filter` is in the table's filter language and is validated in core/query/filters/, so that each fault names its field.
 * `limit` is the largest number of rows; the server's row limit applies too. Status, manifest and API show if either was reached.
 */
export const ExportQuery = z.strictObject({
  tableName: z.string().min(1).max(100),
  filter: z
    .array(z.unknown().meta({ $ref: "#/components/schemas/FilterCondition" }))
    .max(100)
    .nullable()
    .default(null),
  searchQuery: z.string().max(2000).optional(),
  searchType: z.array(z.enum(searchTypes)).max(searchTypes.length).optional(),
  orderBy: OrderBy.nullable().default(null),
  limit: z.int().min(1).max(1_000_000_000).optional(),
  /** Columns in file order; `scores` stands for all score columns. All columns by default. */
  columns: z.array(z.string().max(100)).min(1).max(200).optional(),
  /** Scores as one column per name, as one nested column, or none. */
  scores: z.enum(scoreModes).default("columns"),
  /** `trace`: traces with their observations and scores nested, one JSON document each. */
  shape: z.enum(["row", "trace"]).default("row"),
  /**
   * What is dropped, hashed or masked; recorded in the manifest. core/query/privacy/apply-privacy.ts limits the depth and number of the
   * paths.
   */
  privacy: z.array(PrivacyRule).max(100).default([]),
});
export type ExportQuery = z.infer<typeof ExportQuery>;
