/**
 * Loads the models of a project, at most once a minute. Returns the same list object while nothing has changed, so that results cached per
 * list stay valid.
 */
import type { Model } from "../../core/models/model.ts";
import type { Clock } from "../deps.ts";

/** Longest time until a changed price takes effect. */
const modelsSeconds = 60;
/** Keeps the most recently loaded projects. One takes some 100 kB. */
const projectsMax = 500;

type Loaded = { atMs: number; models: Promise<readonly Model[]> };

export const createModelLoader = (
  list: (projectId: string) => Promise<readonly Model[]>,
  { steadyMs }: Pick<Clock, "steadyMs">,
): ((projectId: string) => Promise<readonly Model[]>) => {
  const loaded = new Map<string, Loaded>();

  const load = async (projectId: string, before: Loaded | undefined): Promise<readonly Model[]> => {
    const models = await list(projectId);
    const known = await before?.models.catch(() => undefined);
    return known !== undefined && JSON.stringify(known) === JSON.stringify(models) ? known : models;
  };

  return (projectId) => {
    const before = loaded.get(projectId);
    if (before !== undefined && steadyMs() - before.atMs < modelsSeconds * 1000) return before.models;
    const models = load(projectId, before);
    loaded.delete(projectId);
    loaded.set(projectId, { atMs: steadyMs(), models });
    models.catch(() => loaded.delete(projectId));
    for (const oldest of loaded.keys()) if (loaded.size > projectsMax) loaded.delete(oldest);
    return models;
  };
};
