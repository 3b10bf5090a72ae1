/** State of the sign-in pages in their URL. */
import { textOf } from "../../app/search-params.ts";

/**
 * `error` and `requestId`: from the company's sign-in, when it failed; anything else than a code and an id is left out, because anybody can make a
 * link with a sentence in it. `next`: where to go afterwards.
 */
export const signInSearch = (search: Record<string, unknown>): { next?: string; error?: string; requestId?: string } => {
  const next = textOf(search, "next");
  const error = matching(textOf(search, "error"), /^[A-Z][A-Z_]{1,60}$/);
  const requestId = matching(textOf(search, "requestId"), /^req_[a-z0-9]{1,60}$/);
  return { ...(next && { next }), ...(error && { error }), ...(requestId && { requestId }) };
};

const matching = (text: string | undefined, pattern: RegExp): string | undefined =>
  text !== undefined && pattern.test(text) ? text : undefined;

export const verifySearch = (search: Record<string, unknown>): { token?: string } => {
  const token = textOf(search, "token");
  return token === undefined ? {} : { token };
};
