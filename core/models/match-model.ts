/** The model a call is priced by: the project's own before the common ones, the newest price that was in force before older ones, then the one made last. */
import { isPatternMatch } from "./compile-pattern.ts";
import type { Model } from "./model.ts";

/** Comparable as text: `2026-01-02`, `2026-01-02T03:04:05Z` and the form of a ClickHouse column alike. */
const sortable = (instant: string): string => instant.replace(" ", "T").replace(/Z$/, "");

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Those without a start date come last. Ids sort by creation. */
const compareModels = (a: Model, b: Model): number =>
  Number(a.projectId === null) - Number(b.projectId === null) ||
  compareText(sortable(b.startDate ?? ""), sortable(a.startDate ?? "")) ||
  compareText(b.id, a.id);

/** `models` are those of one project and the common ones; `at` is when the call began, UTC. */
export const matchModel = (name: string, models: readonly Model[], at: string): Model | undefined =>
  models
    .filter((model) => (model.startDate === null || sortable(model.startDate) <= sortable(at)) && isPatternMatch(model.matchPattern, name))
    .sort(compareModels)[0];
