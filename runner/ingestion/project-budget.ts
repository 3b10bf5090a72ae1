/**
 * What one project may ask of one batch, in counted work. A batch is settled as a whole, so the jobs of other projects wait for it; what a project has beyond its share is given
 * back unspent and claimed again in a later batch, in turn with the others. A share is never less than one entity, so everything is done in the end.
 */

type Work = {
  /** Files of events that are read. */
  files: number;
  /** Of these files, UTF-16 units. */
  characters: number;
  /** Of patterns of models (`patternWork`). */
  patternSteps: number;
  /** Of texts whose tokens are counted. */
  tokenCharacters: number;
};

/** Each about a second of one core, or of the object store, at worst a few. */
const batchMax: Work = { files: 10_000, characters: 64_000_000, patternSteps: 20_000_000, tokenCharacters: 2_000_000 };
/** Projects that have heavy work at once share one batch; more than so many are too rare to be made to wait for. */
const sharesMax = 10;

export const pricingWork = ["patternSteps", "tokenCharacters"] as const satisfies readonly (keyof Work)[];
export const readingWork = ["files", "characters"] as const satisfies readonly (keyof Work)[];
export const allWork = ["files", "characters", ...pricingWork] as const satisfies readonly (keyof Work)[];

/** Characters of what is read beside a slice and held at once (content of roots, observations that are read again): so many are written before more is read. */
export const portionCharactersMax = 16_000_000;

export type ProjectBudget = {
  /** Whether the project has used up its share of one of these. */
  isSpent: (projectId: string, kinds: readonly (keyof Work)[]) => boolean;
  spend: (projectId: string, work: Partial<Work>) => void;
};

/** For one batch that holds jobs of so many projects. */
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
