/** Tells which model prices calls of a model name, by the rule of ingestion. */
import { candidateNames } from "../../core/models/candidate-names.ts";
import type { Database } from "../../db/postgres/client.ts";
import { listModels } from "./list-models.ts";
import type { ModelRow } from "./model-columns.ts";

/** `names`: the name and its shorter spellings, in the order in which they are tried. `matchedName`: the one that the model matches. */
export type NameMatch = { names: readonly string[]; model: ModelRow | null; matchedName: string | null };

/**
 * `at` is the start of the call. Costs at most the steps that the patterns of a project may have together (create-model.ts) for each of 1,000
 * characters: about 2 s for the worst patterns, some milliseconds for real ones.
 */
export const matchName = async (db: Database, projectId: string, { name, at }: { name: string; at: string }): Promise<NameMatch> => {
  // The engine of patterns is large, and the Worker needs it for nothing else.
  const [{ findModel }, { isPatternMatch }] = await Promise.all([
    import("../../core/models/find-model.ts"),
    import("../../core/models/compile-pattern.ts"),
  ]);
  const rows = await listModels(db, projectId);
  const names = candidateNames(name);
  const found = findModel([name], rows, at);
  const model = found === undefined ? null : (rows.find(({ id }) => id === found.id) ?? null);
  const matchedName = model === null ? null : (names.find((each) => isPatternMatch(model.matchPattern, each)) ?? null);
  return { names, model, matchedName };
};
