/** Ingestion: merges one entity from its events and prices it if it is an observation. */
import type { RootContent } from "../../core/ingestion/event.ts";
import { type MergedEntity, mergeEntity } from "./merge-entity.ts";
import { type PriceDeps, priceInTurns } from "./price-in-turns.ts";
import type { Entity } from "./read-slice.ts";

/**
 * Returns undefined if no event is left. `claimedAt`, the instant of the claim, becomes the version of the row. The row was created then, or
 * when the first of its files was stored, if that was earlier: a replay changes nothing about it.
 */
export const mergeAndPrice = async (
  deps: PriceDeps,
  entity: Entity,
  { claimedAt, rootContent }: { claimedAt: string; rootContent: RootContent | undefined },
): Promise<MergedEntity | undefined> => {
  const { projectId, origin, firstStoredAt = claimedAt } = entity;
  const createdAt = firstStoredAt < claimedAt ? firstStoredAt : claimedAt;
  const merged = mergeEntity(entity, { projectId, createdAt, updatedAt: claimedAt, version: claimedAt, origin }, rootContent);
  return merged?.kind === "observation" ? priceMerged(deps, merged) : merged;
};

export type MergedOne = MergedEntity & { kind: "observation" };

export const priceMerged = async (deps: PriceDeps, one: MergedOne): Promise<MergedOne> => ({
  ...one,
  merged: await priceInTurns(deps, one.entity.projectId, one.merged),
});
