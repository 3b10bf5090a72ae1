/** Who sends a request without a project: for sessions and audit rows. */
import type { Context } from "hono";
import { storableForm } from "../../core/storable.ts";
import type { Visitor } from "../../services/accounts/sign-in-deps.ts";
import type { AppEnv } from "../deps.ts";

const userAgentCharactersMax = 300;

export const visitorOf = (c: Context<AppEnv>): Visitor => {
  const userAgent = c.req.header("user-agent");
  return {
    requestId: c.get("requestId"),
    ipAddress: c.req.header("cf-connecting-ip") ?? null,
    userAgent: userAgent === undefined ? null : storableForm(userAgent.slice(0, userAgentCharactersMax)),
  };
};
