/**
 * Authenticates event senders: a project's key pair, or its public key alone, which may write only scores because browsers cannot keep a
 * secret.
 */
import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import type { EventOrigin } from "../../../core/ingestion/event-origin.ts";
import type { Sender } from "../../../services/ingestion/store-batch.ts";
import { findProjectByPublicKey } from "../../../services/tenants/find-project-by-public-key.ts";
import type { AppEnv, IngestionDeps } from "../../deps.ts";
import { assertScope } from "../../middleware/auth.ts";

export const authoriseSender = async (c: Context<AppEnv>, deps: Pick<IngestionDeps, "identify">): Promise<Sender> => {
  const [scheme = "", value = ""] = (c.req.header("authorization") ?? "").split(/ +/, 2);
  if (/^bearer$/i.test(scheme) && value.startsWith("pk-")) {
    const projectId = await findProjectByPublicKey(c.get("db"), value);
    if (projectId === undefined) throw new AppError({ code: "UNAUTHENTICATED" });
    return { projectId, access: "scores", origin: originOf(c, value) };
  }
  const { actor, scopes, publicKey } = await deps.identify(c, c.get("db"));
  c.set("actor", actor);
  c.set("scopes", scopes);
  assertScope(scopes, "ingestion:write");
  return { projectId: actor.projectId, access: "project", origin: originOf(c, publicKey) };
};

/** Read from the headers of the SDKs, in both spellings: proxies may drop one. */
const originOf = (c: Context<AppEnv>, apiKey: string): EventOrigin => {
  const header = (name: string) =>
    (c.req.header(`x-langfuse-${name}`) ?? c.req.header(`x_langfuse_${name.replaceAll("-", "_")}`) ?? "").slice(0, 100);
  return { apiKey, sdkName: header("sdk-name") || "unknown", sdkVersion: header("sdk-version") || "unknown" };
};
