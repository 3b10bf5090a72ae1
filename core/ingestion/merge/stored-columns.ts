/** The columns of every row that come from the server and not from events. */
import { columnText } from "../column-text.ts";
import { instantText, type RowOrigin } from "../rows.ts";
import type { MergeContext, MergeOrigin } from "./merge-context.ts";

export const storedColumns = (context: MergeContext) => ({
  created_at: instantText(context.createdAt),
  updated_at: instantText(context.updatedAt),
  event_ts: instantText(context.version),
  is_deleted: 0 as const,
});

/** Only what is known: the columns have defaults of their own. */
export const originColumns = (origin: MergeOrigin | undefined): RowOrigin => ({
  ...(origin?.apiKey !== undefined && { ingestion_api_key: columnText(origin.apiKey) }),
  ...(origin?.sdkName !== undefined && { ingestion_sdk_name: columnText(origin.sdkName) }),
  ...(origin?.sdkVersion !== undefined && { ingestion_sdk_version: columnText(origin.sdkVersion) }),
});
