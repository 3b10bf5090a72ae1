/** State of the sign-in pages in their URL. */
import { textOf } from "../../app/search-params.ts";

/** `error` and `requestId`: from the company's sign-in, when it failed. `next`: where to go afterwards. */
export const signInSearch = (search: Record<string, unknown>): { next?: string; error?: string; requestId?: string } => {
  const next = textOf(search, "next");
  const error = textOf(search, "error");
  const requestId = textOf(search, "requestId");
  return { ...(next && { next }), ...(error && { error }), ...(requestId && { requestId }) };
};

export const verifySearch = (search: Record<string, unknown>): { token?: string } => {
  const token = textOf(search, "token");
  return token === undefined ? {} : { token };
};
