/** Which address of a provider's claims counts: one that it vouches for, or says nothing about where the operator trusts it. */
import { expect, it } from "vitest";
import { personOf } from "../../../api/oidc-client.ts";

const emailOf = (email_verified: unknown, trustsEmail: boolean) =>
  personOf({ iss: "https://id.example", sub: "1", email: "ada@example.com", email_verified }, { trustsEmail }).email;

it("is one that the provider calls verified, also in a text", () => {
  for (const said of [true, "true"]) for (const trusts of [true, false]) expect(emailOf(said, trusts)).toBe("ada@example.com");
});

it("is never one that the provider calls unverified, also in a text or a number, whatever the operator trusts", () => {
  for (const said of [false, "false", "False", 0, "0", "no", ""])
    for (const trusts of [true, false]) expect([said, emailOf(said, trusts)]).toEqual([said, null]);
});

it("is one that the provider says nothing about only if the operator trusts it", () => {
  for (const said of [undefined, null]) expect([emailOf(said, true), emailOf(said, false)]).toEqual(["ada@example.com", null]);
});
