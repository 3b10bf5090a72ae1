/**
 * Limits what one project may use of one batch, in counted work. A batch is settled as a whole, so other projects' jobs wait for it. Work
 * beyond the share is released unspent and claimed again in a later batch, in turn with others. A share is at least one entity, so all work
 * is done in the end.
 */

type Work = {
  /** Event files read. */
  files: number;
  /** Length of these files in UTF-16 units. */
  characters: number;
  /** Steps of model patterns (`patternWork`). */
  patternSteps: number;
  /** Length of the texts whose tokens are counted, in UTF-16 units. */
  tokenCharacters: number;
};

/** Each takes about a second of one core or of the object store, at worst a few seconds. */
const batchMax: Work = { files: 10_000, characters: 64_000_000, patternSteps: 20_000_000, tokenCharacters: 2_000_000 };
/** Projects with heavy work share one batch. More than this many at once are too rare to shrink the shares for. */
const sharesMax = 10;

export const pricingWork = ["patternSteps", "tokenCharacters"] as const satisfies readonly (keyof Work)[];
export const readingWork = ["files", "characters"] as const satisfies readonly (keyof Work)[];
export const allWork = ["files", "characters", ...pricingWork] as const satisfies readonly (keyof Work)[];

/** Characters of extra content held at once (roots of traces, observations read again). They are written before more is read. */
export const portionCharactersMax = 16_000_000;

export type ProjectBudget = {
  /** Returns whether the project has used up its share of any of these. */
  isSpent: (projectId: string, kinds: readonly (keyof Work)[]) => boolean;
  spend: (projectId: string, work: Partial<Work>) => void;
};

/** Creates the budget of one batch with jobs of this many projects. */
export const createProjectBudget = (projects: number): ProjectBudget => {
  const shares = Math.min(Math.max(1, projects), sharesMax);
  const spent = new Map<string, Work>();
  return {
    isSpent: (projectId, kinds) => {
      const work = spent.get(projectId);
      return work !== undefined && kinds.some((kind) => work[kind] >= batchMax[kind] / shares);
    },
    spend: (projectId, work) => {
      const before = spent.get(projectId) ?? { files: 0, characters: 0, patternSteps: 0, tokenCharacters: 0 };
      for (const kind of allWork) before[kind] += work[kind] ?? 0;
      spent.set(projectId, before);
    },
  };
};
