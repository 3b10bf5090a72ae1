/** POST /api/auth/sign-in/mail-link: asks for a sign-in link. The answer and its time are the same for every address. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { safePath } from "../../../core/auth/safe-path.ts";
import { AppError } from "../../../core/errors.ts";
import { mailSignInLink } from "../../../services/accounts/mail-sign-in-link.ts";
import { requestSignInLink } from "../../../services/accounts/request-sign-in-link.ts";
import type { App, AppEnv } from "../../deps.ts";
import { assertOwnOrigin } from "../../middleware/own-origin.ts";
import { requestError } from "../../middleware/problem.ts";
import { signInRoute } from "../declare-route.ts";
import { Email, json, jsonRequest } from "../describe.ts";
import { visitorOf } from "../visitor.ts";
import type { SignInRouteDeps } from "./deps.ts";
import { NextPath } from "./next-path.ts";

const RequestMailLink = z.strictObject({ email: Email, next: NextPath.optional() }).openapi("RequestMailLink");

const route = signInRoute(["SIGN_IN_METHOD_DISABLED"], {
  method: "post",
  path: "/api/auth/sign-in/mail-link",
  operationId: "requestMailLink",
  tags: ["Account"],
  summary: "Ask for a sign-in link by mail",
  description:
    "The answer is the same whether the address is known or not. Known addresses get a link that works once, for 15 minutes; at most 5 links in that time.",
  request: { body: jsonRequest(RequestMailLink, { email: "ada@example.com" }) },
  responses: { 202: json(z.object({}).openapi("MailLinkRequested"), "If the address is known, a mail is on its way.", {}) },
});

export const registerMailLink = (app: App, deps: SignInRouteDeps): void => {
  app.openapi(route, async (c) => {
    const { publicUrl } = deps;
    assertOwnOrigin(c, publicUrl);
    if (publicUrl === null) throw new AppError({ code: "SIGN_IN_METHOD_DISABLED" });
    const { email, next } = c.req.valid("json");
    const linkId = await requestSignInLink(c.get("db"), deps, { email, next: safePath(next) }, visitorOf(c));
    // After the answer: how long it takes depends on who the address belongs to.
    if (linkId !== undefined) c.executionCtx.waitUntil(sendMail(c, deps, { linkId, email, publicUrl }));
    return c.json({}, 202);
  });
};

/** Opens its own connection: that of the request closes with the answer. Nobody waits for a failure, so it is logged; the person asks again. */
const sendMail = async (
  c: Context<AppEnv>,
  { openDatabase, log }: SignInRouteDeps,
  mail: { linkId: string; email: string; publicUrl: string },
): Promise<void> => {
  const requestId = c.get("requestId");
  const opened = openDatabase(requestId);
  try {
    await mailSignInLink(opened.db, mail, { requestId, traceparent: c.get("span").traceparent });
  } catch (error) {
    const { code, detail } = requestError(error);
    log({ event: "sign_in_mail_failed", request_id: requestId, sign_in_link_id: mail.linkId, code, detail });
  } finally {
    await opened.close();
  }
};
