/** Keeps one project from filling a loop: one of the loop's runs always stays free for other projects. */

export type ProjectConcurrency = {
  /** Most jobs of one project at once. */
  projectJobsMax: number;
  /** For the claim: how many more jobs each project may have. Projects that are not named: `projectJobsMax`. */
  allowances: () => Record<string, number>;
  began: (projectId: string) => void;
  ended: (projectId: string) => void;
};

/** `concurrency`: how many jobs the loop runs at once. With 1, a project has the only place. */
export const createProjectConcurrency = (concurrency: number): ProjectConcurrency => {
  const projectJobsMax = Math.max(1, concurrency - 1);
  const running = new Map<string, number>();
  return {
    projectJobsMax,
    allowances: () => Object.fromEntries([...running].map(([projectId, count]) => [projectId, Math.max(0, projectJobsMax - count)])),
    began: (projectId) => void running.set(projectId, (running.get(projectId) ?? 0) + 1),
    ended: (projectId) => {
      const left = (running.get(projectId) ?? 0) - 1;
      if (left > 0) running.set(projectId, left);
      else running.delete(projectId);
    },
  };
};
