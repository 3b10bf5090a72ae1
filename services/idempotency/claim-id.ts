/** Idempotency where the object is stored outside Postgres: the key fixes its id, and storing the same object under one id twice is harmless. */
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { claimRequest, type IdempotentRequest, keepAnswer } from "./claim-request.ts";

/** `isStored`: the first request has stored the object, and nothing is left to do. */
type ClaimedId = { id: string; isStored: boolean };

/** Statuses of the kept answer: before and after the object is stored. */
const claimed = 102;
const stored = 200;

/** Returns the id of the first request with this key, else claims `id`. Throws what claimRequest throws. */
export const claimId = (db: Database, request: IdempotentRequest, id: string): Promise<ClaimedId> =>
  transaction(db, async (tx) => {
    const kept = await claimRequest(tx, request);
    if (kept !== undefined) return { id: kept.body, isStored: kept.status === stored };
    await keepAnswer(tx, request, { status: claimed, location: null, body: id, isSealed: false });
    return { id, isStored: false };
  });

/** Call once the object is durable. */
export const markStored = (db: Database, request: IdempotentRequest, id: string): Promise<unknown> =>
  keepAnswer(db, request, { status: stored, location: null, body: id, isSealed: false });
