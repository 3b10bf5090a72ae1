/** State of the operator's page in its URL. */
import { textOf } from "../../app/search-params.ts";

export type OperatorSearch = { cursor?: string };

export const operatorSearch = (search: Record<string, unknown>): OperatorSearch => {
  const cursor = textOf(search, "cursor");
  return cursor === undefined ? {} : { cursor };
};
