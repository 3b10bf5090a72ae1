/** State of the list of exports in its URL. */
import { oneOf, textOf } from "../../app/search-params.ts";

export const exportStatuses = ["QUEUED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"] as const;
export type ExportStatus = (typeof exportStatuses)[number];

export type ExportSearch = { status?: ExportStatus; cursor?: string };

export const exportSearch = (search: Record<string, unknown>): ExportSearch => {
  const status = oneOf(search, "status", exportStatuses);
  const cursor = textOf(search, "cursor");
  return { ...(status && { status }), ...(cursor && { cursor }) };
};
