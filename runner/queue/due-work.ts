/**
 * Tells the loops of a runner what is due. They share one short statement a poll, so an idle runner does not pay for a claim in each loop.
 */
import type { DueWork } from "../../db/queue/list-due-work.ts";
import type { Clock } from "../deps.ts";

/** Returns `list` with its answer, or failure, shared by all who ask within `sharedMs` of the question. */
export const shareDueWork = (clock: Pick<Clock, "steadyMs">, list: () => Promise<DueWork>, sharedMs: number): (() => Promise<DueWork>) => {
  let shared: { askedMs: number; answer: Promise<DueWork> } | undefined;
  return () => {
    const nowMs = clock.steadyMs();
    if (shared === undefined || nowMs - shared.askedMs >= sharedMs) shared = { askedMs: nowMs, answer: list() };
    return shared.answer;
  };
};
