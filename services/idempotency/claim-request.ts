/** Idempotency of creating calls: a repeated request gets the answer of the first, for 24 hours. */
import { sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { sqlState } from "../../db/postgres/failure.ts";

/** `caller`: id of the API key, or `admin`. `requestHash`: hex SHA-256 of method, path, query and canonical body. */
export type IdempotentRequest = { caller: string; key: string; requestHash: string };

/** `body` is sealed if `isSealed`. */
export type KeptAnswer = { status: number; location: string | null; body: string; isSealed: boolean };

/** Longest wait for a first request that is under way. */
const waitMs = 3000;

/**
 * Claims the key in the caller's transaction, which has to keep the answer or be rolled back. Returns the answer of the first request if it
 * has one. While a first request is under way, its uncommitted row makes this statement wait: then it sees the answer, or takes the claim
 * over if the first was rolled back. Throws IDEMPOTENCY_KEY_IN_FLIGHT after three seconds, and IDEMPOTENCY_KEY_REUSED.
 */
export const claimRequest = async (tx: Database, { caller, key, requestHash }: IdempotentRequest): Promise<KeptAnswer | undefined> => {
  const [before] = await execute<{ timeout: string }>(
    tx,
    sql`select current_setting('lock_timeout') as timeout, set_config('lock_timeout', ${`${waitMs}ms`}, true)`,
  );
  const mine = await claim(tx, { caller, key, requestHash });
  await execute(tx, sql`select set_config('lock_timeout', ${before?.timeout ?? "0"}, true)`);
  if (mine) return undefined;
  const [first] = await execute<KeptAnswer & { requestHash: string }>(
    tx,
    sql`select request_hash as "requestHash", status, location, body, is_sealed as "isSealed" from idempotent_requests
      where caller = ${caller} and key = ${key}`,
  );
  // The conflicting row is locked, so that pruning cannot delete it before this statement.
  if (first === undefined) throw new AppError({ code: "INTERNAL", detail: "a locked row is gone" });
  if (first.requestHash !== requestHash) throw new AppError({ code: "IDEMPOTENCY_KEY_REUSED" });
  return first;
};

/** An existing row is locked even if it is not updated. One older than 24 hours counts as absent. */
const claim = async (tx: Database, { caller, key, requestHash }: IdempotentRequest): Promise<boolean> => {
  try {
    const mine = await execute(
      tx,
      sql`insert into idempotent_requests (caller, key, request_hash) values (${caller}, ${key}, ${requestHash})
        on conflict (caller, key) do update set request_hash = excluded.request_hash, status = null, location = null, body = null,
            is_sealed = false, created_at = now()
          where idempotent_requests.created_at < now() - interval '24 hours'
        returning key`,
    );
    return mine.length === 1;
  } catch (error) {
    // 55P03: lock_not_available.
    if (sqlState(error) === "55P03") throw new AppError({ code: "IDEMPOTENCY_KEY_IN_FLIGHT", retryAfterSeconds: 1, cause: error });
    throw error;
  }
};

/** Keeps the answer of a claimed request, in the same transaction. */
export const keepAnswer = (
  tx: Database,
  { caller, key }: IdempotentRequest,
  { status, location, body, isSealed }: KeptAnswer,
): Promise<unknown> =>
  execute(
    tx,
    sql`update idempotent_requests set status = ${status}, location = ${location}, body = ${body}, is_sealed = ${isSealed}
      where caller = ${caller} and key = ${key}`,
  );
