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

export const exportTabs = ["overview", "files", "load", "deliveries", "audit"] as const;
export type ExportTab = (typeof exportTabs)[number];

/** State of the page of an export in its URL. */
export const exportTabSearch = (search: Record<string, unknown>): { tab?: ExportTab } => {
  const tab = oneOf(search, "tab", exportTabs);
  return tab === undefined ? {} : { tab };
};
