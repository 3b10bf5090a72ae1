/**
 * Ingestion, before enqueueing: decides which traces are processed if an operator has lowered a project's rate. A trace is in or out as a
 * whole, on every server.
 */
import type { Sha256Hex } from "./blob-key.ts";

/** Project id to the share of its traces, 0 to 1, that is processed. */
export type SampledProjects = ReadonlyMap<string, number>;

/**
 * Parses `project:rate,project:rate` (LANGFUSE_INGESTION_PROCESSING_SAMPLED_PROJECTS). An empty string samples nothing. A problem names the
 * position, never the value.
 */
export const parseSampledProjects = (text: string): { ok: true; rates: SampledProjects } | { ok: false; problem: string } => {
  const rates = new Map<string, number>();
  const entries = text.split(",").map((entry) => entry.trim());
  for (const [index, entry] of entries.entries()) {
    if (entry === "") continue;
    const [, projectId = "", rateText = ""] = /^(.+):\s*(\d+(?:\.\d*)?|\.\d+)$/.exec(entry) ?? [];
    const rate = rateText === "" ? Number.NaN : Number(rateText);
    if (!(rate >= 0 && rate <= 1)) return { ok: false, problem: `entry ${index + 1} is not project:rate with a rate from 0 to 1` };
    if (rates.has(projectId.trim())) return { ok: false, problem: `entry ${index + 1} names a project a second time` };
    rates.set(projectId.trim(), rate);
  }
  return { ok: true, rates };
};

/** Anything without a trace is always in, as is everything at a rate of 1. */
export const isInSample = (
  of: { projectId: string; traceId: string | undefined },
  rates: SampledProjects,
  sha256Hex: Sha256Hex,
): boolean => {
  const rate = rates.get(of.projectId) ?? 1;
  if (of.traceId === undefined || rate >= 1) return true;
  return Number.parseInt(sha256Hex(of.traceId).slice(0, 8), 16) / 0xffffffff < rate;
};
