/** State of the list of API keys in its URL: which page, and whose drawer is open. */
import { textOf } from "../../app/search-params.ts";

export type ApiKeySearch = { cursor?: string; key?: string };

export const apiKeySearch = (search: Record<string, unknown>): ApiKeySearch => {
  const cursor = textOf(search, "cursor");
  const key = textOf(search, "key");
  return { ...(cursor && { cursor }), ...(key && { key }) };
};
