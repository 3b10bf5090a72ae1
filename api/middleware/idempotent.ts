/**
 * The Idempotency-Key of creating routes: claims the key, runs the route in one transaction with it, and keeps the answer there. Therefore
 * the object and the answer exist both or not at all, and whatever refuses the request leaves the key unused.
 */
import { z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { canonicalJson } from "../../core/canonical-json.ts";
import { AppError, type ErrorCode } from "../../core/errors.ts";
import { digitKeeper } from "../../core/models/keep-digits.ts";
import { sha256Hex } from "../../core/sha256-hex.ts";
import { storableText } from "../../core/storable.ts";
import type { Actor } from "../../services/audit/write-audit.ts";
import { claimRequest, type IdempotentRequest, type KeptAnswer, keepAnswer } from "../../services/idempotency/claim-request.ts";
import { keyringOf } from "../../services/keyring-of.ts";
import type { AppEnv, Database } from "../deps.ts";
import { fieldErrors } from "./problem.ts";

export const IdempotencyHeader = z.object({
  "idempotency-key": storableText(255)
    .min(1)
    .optional()
    .describe("For 24 hours, the same request with this key gets the answer of the first, and creates nothing."),
});

/** Error codes of this middleware. */
export const idempotentCodes = [
  "INVALID_REQUEST",
  "IDEMPOTENCY_KEY_REUSED",
  "IDEMPOTENCY_KEY_IN_FLIGHT",
] as const satisfies readonly ErrorCode[];

/** Error codes if the answer shows a secret, which is kept sealed. */
export const idempotentSecretCodes = [
  ...idempotentCodes,
  "ENCRYPTION_DISABLED",
  "SECRET_UNREADABLE",
] as const satisfies readonly ErrorCode[];

/** Rolls back a transaction whose answer is known. */
class Refused extends Error {}

/** `showsSecret`: the answer holds a secret that is shown once, so that it is kept sealed. */
export const idempotent = ({ showsSecret }: { showsSecret: boolean }): MiddlewareHandler<AppEnv> =>
  async function idempotent(c, next) {
    const request = await idempotentRequestOf(c, callerOf(c), () => c.req.text());
    if (request === undefined) return next();
    if (showsSecret && c.get("keyring") === null)
      throw new AppError({ code: "ENCRYPTION_DISABLED", message: "Without ENCRYPTION_KEY this call takes no Idempotency-Key." });
    const db = c.get("db");
    try {
      const kept = await db.transaction((tx) => answerOnce(c, tx, { request, showsSecret, next }));
      if (kept !== undefined) c.res = await replayed(c, request, kept);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    } finally {
      c.set("db", db);
    }
  };

/** Who used a key: the API key, the person in this project, or an administrator. Two of them never share an Idempotency-Key. */
const callerOf = (c: Context<AppEnv>): string => {
  // Set before the route runs, or never.
  const actor = c.get("actor") as AppEnv["Variables"]["actor"] | undefined;
  if (actor !== undefined) return actorKey(actor);
  const operatorId = c.get("operatorId");
  return operatorId === undefined ? "admin" : `operator:${operatorId}`;
};

export const actorKey = ({ apiKeyId, userId, projectId }: Actor): string => apiKeyId ?? `user:${userId}:${projectId}`;

type Once = { request: IdempotentRequest; showsSecret: boolean; next: () => Promise<void> };

/** Returns the kept answer of an earlier request, or runs the route and keeps its answer. Throws Refused if the route created nothing. */
const answerOnce = async (c: Context<AppEnv>, tx: Database, { request, showsSecret, next }: Once): Promise<KeptAnswer | undefined> => {
  const kept = await claimRequest(tx, request);
  if (kept !== undefined) return kept;
  c.set("db", tx);
  await next();
  // Hono has turned what the route threw into a response.
  if (!c.res.ok) throw new Refused();
  const body = await c.res.clone().text();
  await keepAnswer(tx, request, {
    status: c.res.status,
    location: c.res.headers.get("location"),
    body: showsSecret ? await keyringOf({ keyring: c.get("keyring") }).seal(sealedFor(request), body) : body,
    isSealed: showsSecret,
  });
  return undefined;
};

const replayed = async (c: Context<AppEnv>, request: IdempotentRequest, kept: KeptAnswer): Promise<Response> =>
  new Response(kept.isSealed ? await keyringOf({ keyring: c.get("keyring") }).open(sealedFor(request), kept.body) : kept.body, {
    status: kept.status,
    headers: {
      "content-type": "application/json",
      "idempotent-replayed": "true",
      ...(kept.location === null ? {} : { location: kept.location }),
      ...(kept.isSealed ? { "cache-control": "no-store" } : {}),
    },
  });

/** A sealed answer can be opened for this caller and key alone. */
const sealedFor = ({ caller, key }: IdempotentRequest): string => `idempotent_requests:${caller}:${key}`;

/** Returns undefined if no key was sent. `bodyOf`: the body as JSON text, empty if there is none. Throws INVALID_REQUEST. */
export const idempotentRequestOf = async (
  c: Context<AppEnv>,
  caller: string,
  bodyOf: () => Promise<string> | string,
): Promise<IdempotentRequest | undefined> => {
  const parsed = IdempotencyHeader.safeParse({ "idempotency-key": c.req.header("idempotency-key") });
  if (!parsed.success) throw new AppError({ code: "INVALID_REQUEST", fields: fieldErrors(parsed.error.issues) });
  const { "idempotency-key": key } = parsed.data;
  if (key === undefined) return undefined;
  const { pathname, search } = new URL(c.req.url);
  const body = await bodyOf();
  const hashed = `${c.req.method} ${pathname}${search}\n${body === "" ? "" : canonicalBody(body)}`;
  return { caller, key, requestHash: await sha256Hex(hashed) };
};

/** The body is not validated yet: it may be nested deeper than a recursion reaches. */
const canonicalBody = (body: string): string => {
  try {
    return canonicalJson(JSON.parse(body, digitKeeper));
  } catch (error) {
    if (error instanceof RangeError)
      throw new AppError({ code: "INVALID_REQUEST", message: "The body is nested too deeply.", cause: error });
    throw error;
  }
};
