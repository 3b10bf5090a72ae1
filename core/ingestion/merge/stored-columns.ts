/** Ingestion, merge: the columns of every row that the server sets. */
import { columnText } from "../column-text.ts";
import { instantText, type RowOrigin } from "../rows.ts";
import type { MergeContext, MergeOrigin } from "./merge-context.ts";

export const storedColumns = (context: MergeContext) => ({
  created_at: instantText(context.createdAt),
  updated_at: instantText(context.updatedAt),
  event_ts: instantText(context.version),
  is_deleted: 0 as const,
});

/** Sets only known values: the columns have defaults. */
export const originColumns = (origin: MergeOrigin | undefined): RowOrigin => ({
  ...(origin?.apiKey !== undefined && { ingestion_api_key: columnText(origin.apiKey) }),
  ...(origin?.sdkName !== undefined && { ingestion_sdk_name: columnText(origin.sdkName) }),
  ...(origin?.sdkVersion !== undefined && { ingestion_sdk_version: columnText(origin.sdkVersion) }),
});
