import { expect, it } from "vitest";
import { signInSearch } from "../../../console/src/features/sign-in/sign-in-search.ts";

it("the page for signing in shows the code and request of a failure, and no sentence of whoever made the link", () => {
  const failed = { error: "OIDC_FAILED", requestId: "req_01m8kj9nsvmhcgm2xd8j1wn58y" };
  expect(signInSearch(failed)).toEqual(failed);
  expect(signInSearch({ error: "Your account is locked. Call 555-0100", requestId: "or mail evil@example.com", next: "/x" })).toEqual({
    next: "/x",
  });
});
